using System.Runtime.InteropServices;
using System.Text.Json;
using Neuralink.Placement;
using Neuralink.Storage.Memory;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Storage.Image;

/// <summary>
/// Writes a flash image again with its neurons in another order. Of its files only neurons.safetensors and placement.safetensors change:
/// the predictor is in the model's own order of neurons, and nothing else is indexed by neuron. Every bundle's CRC and every file's
/// digest is checked on the way, so that no damage is copied. Files beside the image's own, such as trained predictors, are copied too:
/// they go by neuron, not by slot.
/// </summary>
/// <remarks>
/// A layer is read front to back into memory and written from there front to back in the new order, while the next layer is read: both
/// disks work sequentially, and two layers of bundles is what it takes in memory.
/// </remarks>
public sealed class ImageRewriter
{
    private const int PieceBytes = 4 << 20;

    private readonly FlashImage _image;
    private readonly IReadOnlyList<Permutation> _orders;
    private readonly IProgress<long>? _progress;
    private readonly CancellationToken _cancellation;
    private long _doneBytes;

    private ImageRewriter(FlashImage image, IReadOnlyList<Permutation> orders, IProgress<long>? progress, CancellationToken cancellation)
    {
        _image = image;
        _orders = orders;
        _progress = progress;
        _cancellation = cancellation;
    }

    private long LayerBytes => (long)_image.SlotCount * _image.StrideBytes;

    /// <summary>Bytes that <see cref="Rewrite"/> reports as written, in the end.</summary>
    public static long TotalBytes(FlashImage image) =>
        ((long)image.FfnCount * image.SlotCount * image.StrideBytes) + KeptFiles(image).Sum(name => image.Manifest.Files[name].Bytes)
            + FilesBeside(image).Sum(f => f.Length);

    /// <summary>
    /// Checks that <paramref name="image"/> can be written to <paramref name="destination"/>; <see cref="Rewrite"/> does too.
    /// </summary>
    /// <exception cref="NeuralinkException">Its disk has no room.</exception>
    public static void RequireRoom(FlashImage image, string destination) => DiskSpace.Require(destination, FileBytes(image));

    /// <summary>Writes <paramref name="image"/> with other orders to <paramref name="destination"/>, which may be its own folder.</summary>
    /// <param name="image">The image; unchanged until the new one is complete, and afterwards too unless it is replaced.</param>
    /// <param name="destination">The new image's folder. It appears whole or not at all.</param>
    /// <param name="orders">The new order of each layer.</param>
    /// <param name="placement">How they were made, for the manifest.</param>
    /// <param name="replace">Whether <paramref name="destination"/> may exist; it is then replaced in the end.</param>
    /// <param name="progress">Told the bytes written so far, of <see cref="TotalBytes"/>.</param>
    /// <param name="cancellation">Ends it; nothing of it stays.</param>
    /// <exception cref="NeuralinkException">The image is damaged, or the destination cannot be written; nothing is left behind.</exception>
    public static void Rewrite(
        FlashImage image, string destination, IReadOnlyList<Permutation> orders, PlacementManifest placement, bool replace = false,
        IProgress<long>? progress = null, CancellationToken cancellation = default) =>
        WriteImage(image, destination, orders, placement, ImageContents.Of(image.Manifest), replace, progress, cancellation);

    /// <summary>Writes <paramref name="image"/> with another configuration of its model to <paramref name="destination"/>.</summary>
    /// <param name="image">The image; unchanged.</param>
    /// <param name="destination">The new image's folder. It appears whole or not at all.</param>
    /// <param name="model">What takes the place of the manifest's model.</param>
    /// <param name="norms">Of a model that needs them, the norms of the down columns, [layer][neuron].</param>
    /// <param name="replace">Whether <paramref name="destination"/> may exist.</param>
    /// <param name="progress">Told the bytes written so far, of <see cref="TotalBytes"/>.</param>
    /// <param name="cancellation">Ends it; nothing of it stays.</param>
    /// <exception cref="NeuralinkException">The image is damaged, or the destination cannot be written; nothing is left behind.</exception>
    public static void RewriteModel(
        FlashImage image, string destination, JsonElement model, IReadOnlyList<float[]>? norms = null, bool replace = false,
        IProgress<long>? progress = null, CancellationToken cancellation = default)
    {
        Permutation[] orders = [.. Enumerable.Range(0, image.FfnCount).Select(layer => image.PlacementOf(new LayerIndex(layer)))];
        ImageContents contents = ImageContents.Of(image.Manifest) with { Model = model };
        WriteImage(image, destination, orders, image.Manifest.Placement, contents, replace, progress, cancellation, norms);
    }

    private static void WriteImage(
        FlashImage image, string destination, IReadOnlyList<Permutation> orders, PlacementManifest placement, ImageContents contents,
        bool replace, IProgress<long>? progress, CancellationToken cancellation, IReadOnlyList<float[]>? norms = null)
    {
        if (orders.Count != image.FfnCount || orders.Any(o => o.Count != image.SlotCount))
            throw new ArgumentException($"{image.FfnCount} orders of {image.SlotCount} neurons are needed.", nameof(orders));
        using ImageWriter writer = new(destination, contents, FileBytes(image), replace);
        ImageRewriter rewriter = new(image, orders, progress, cancellation);
        // Opened before the placement is verified: should another run replace the image meanwhile, these are still its
        // bundles, or the digest differs.
        using SafetensorsFile source = SafetensorsFile.Open(image.NeuronsPath);
        // A damaged placement may still be a permutation, and would give bundles to the wrong neurons.
        ImageVerifier.VerifyFile(image, ImageFiles.Placement);
        rewriter.CopyKeptFiles(writer);
        rewriter.WriteNeurons(source, writer);
        writer.WritePlacement(layer => orders[layer.Value]);
        if (norms is not null)
            WriteNorms(writer, norms);
        writer.Commit(placement);
    }

    private static void WriteNorms(ImageWriter writer, IReadOnlyList<float[]> norms)
    {
        TensorDeclaration[] tensors =
            [.. norms.Select((layer, i) => new TensorDeclaration(ImageFiles.NormsTensor(i), SafetensorsDtype.F32, [layer.Length]))];
        writer.WriteTensors(ImageFiles.Norms, tensors, file =>
        {
            for (int i = 0; i < tensors.Length; i++)
                file.Write(tensors[i].Name, MemoryMarshal.AsBytes(norms[i].AsSpan()));
        });
    }

    private static long FileBytes(FlashImage image) =>
        image.Manifest.Files.Values.Sum(f => f.Bytes) + FilesBeside(image).Sum(f => f.Length);

    private static IEnumerable<string> KeptFiles(FlashImage image) =>
        image.Manifest.Files.Keys.Where(name => name is not (ImageFiles.Neurons or ImageFiles.Placement));

    /// <summary>Files that the manifest does not list. What is left of a write that was killed is none of them.</summary>
    private static IEnumerable<FileInfo> FilesBeside(FlashImage image) => new DirectoryInfo(image.Folder).EnumerateFiles()
        .Where(
            file =>
                file.Name != ImageManifest.FileName && !image.Manifest.Files.ContainsKey(file.Name)
                    && !file.Name.Contains(".tmp-", StringComparison.Ordinal))
        .OrderBy(file => file.Name, StringComparer.Ordinal);

    private void CopyKeptFiles(ImageWriter writer)
    {
        foreach (string name in KeptFiles(_image))
        {
            FileManifest copied = writer.CopyFile(_image.PathOf(name), name, Advance);
            ImageVerifier.CheckDigest(_image, name, copied.Xxh128);
        }
        foreach (FileInfo file in FilesBeside(_image))
            writer.CopyFile(file.FullName, file.Name, Advance, isListed: false);
    }

    private void WriteNeurons(SafetensorsFile source, ImageWriter writer)
    {
        using NativeArena arena = new(2 * LayerBytes);
        NativeBuffer[] buffers = [arena.Allocate(LayerBytes, "a layer being read"), arena.Allocate(LayerBytes, "a layer being written")];
        Load(source, new LayerIndex(0), buffers[0]);
        writer.WriteNeurons((layer, write) =>
        {
            LayerIndex next = new(layer.Value + 1);
            Task reading = next.Value < _image.FfnCount
                ? Task.Run(() => Load(source, next, buffers[next.Value % 2]), CancellationToken.None)
                : Task.CompletedTask;
            try
            {
                Write(layer, buffers[layer.Value % 2], write);
            }
            finally
            {
                // Whatever has happened, the buffers are in use until the reading has ended.
                reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
            }
            reading.GetAwaiter().GetResult();
        });
    }

    private void Load(SafetensorsFile source, LayerIndex layer, NativeBuffer buffer)
    {
        TensorInfo tensor = source.Tensors[ImageFiles.NeuronsTensor(layer.Value)];
        int stride = _image.StrideBytes, pieceSlots = Math.Max(PieceBytes / stride, 1);
        for (int begin = 0; begin < _image.SlotCount; begin += pieceSlots)
        {
            _cancellation.ThrowIfCancellationRequested();
            Span<byte> piece = buffer.Bytes((long)begin * stride, Math.Min(pieceSlots, _image.SlotCount - begin) * stride);
            source.Read(tensor, (long)begin * stride, piece);
            for (int at = 0; at < piece.Length; at += stride)
            {
                if (!BundleCrc.IsIntact(piece.Slice(at, stride)))
                    throw ImageVerifier.DamagedBundle(_image, layer, new Slot(begin + (at / stride)), "read");
            }
        }
    }

    private void Write(LayerIndex layer, NativeBuffer bundles, Action<ReadOnlySpan<byte>> write)
    {
        Permutation before = _image.PlacementOf(layer), after = _orders[layer.Value];
        for (int slot = 0; slot < after.Count; slot++)
        {
            long from = (long)before.SlotOf(after.NeuronAt(new Slot(slot))).Value * _image.StrideBytes;
            write(bundles.Bytes(from, _image.StrideBytes));
            Advance(_image.StrideBytes);
        }
    }

    private void Advance(int bytes)
    {
        _cancellation.ThrowIfCancellationRequested();
        _progress?.Report(_doneBytes += bytes);
    }
}
