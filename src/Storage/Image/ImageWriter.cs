using System.Runtime.InteropServices;
using System.Text.Json;
using Neuralink.Placement;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Storage.Image;

/// <summary>
/// Writes a flash image (docs/formats/flash-image.md): file by file into a temporary folder beside the destination, each listed with its
/// length and digest, and then the manifest. <see cref="Commit"/> makes the image appear; without it nothing is left.
/// </summary>
public sealed class ImageWriter : IDisposable
{
    private const int PieceBytes = 1 << 20;

    private readonly AtomicFolder _folder;
    private readonly ImageContents _contents;
    private readonly SortedDictionary<string, FileManifest> _files = new(StringComparer.Ordinal);

    /// <param name="destination">The image's folder.</param>
    /// <param name="contents">What the image will hold.</param>
    /// <param name="neededBytes">About how long all its files will be: there must be room for them beside whatever is replaced.</param>
    /// <param name="replace">Whether <paramref name="destination"/> may exist; what it holds then stays until the commit.</param>
    /// <exception cref="NeuralinkException">The destination exists and may not, the disk has no room, or it refuses.</exception>
    public ImageWriter(string destination, ImageContents contents, long neededBytes, bool replace)
    {
        _contents = contents;
        _folder = new AtomicFolder(destination, replace);
        try
        {
            DiskSpace.Require(_folder.Destination, neededBytes);
        }
        catch
        {
            _folder.Dispose();
            throw;
        }
    }

    /// <summary>Writes a safetensors file.</summary>
    /// <param name="fileName">One of <see cref="ImageFiles"/>.</param>
    /// <param name="tensors">Its tensors.</param>
    /// <param name="write">Writes their bytes, in that order.</param>
    /// <param name="dataAlignmentBytes">The data begin at a multiple of this.</param>
    /// <exception cref="NeuralinkException">The disk is full or fails.</exception>
    public void WriteTensors(
        string fileName, IReadOnlyList<TensorDeclaration> tensors, Action<SafetensorsWriter> write, int dataAlignmentBytes = 8)
    {
        string path = PathOf(fileName);
        using SafetensorsWriter writer = SafetensorsWriter.Create(path, tensors, dataAlignmentBytes: dataAlignmentBytes);
        write(writer);
        string digest = writer.Complete();
        _files[fileName] = new FileManifest(new FileInfo(path).Length, digest);
    }

    /// <summary>Writes neurons.safetensors.</summary>
    /// <param name="writeLayer">Hands the bundles of a layer, sealed and in the order of their slots, to its second argument
    /// in pieces of any length.</param>
    public void WriteNeurons(Action<LayerIndex, Action<ReadOnlySpan<byte>>> writeLayer)
    {
        TensorDeclaration[] tensors = EachLayer(
            i => new(ImageFiles.NeuronsTensor(i), SafetensorsDtype.U8, [_contents.SlotCount, _contents.Bundle.StrideBytes]));
        WriteTensors(
            ImageFiles.Neurons, tensors,
            writer =>
            {
                for (int layer = 0; layer < tensors.Length; layer++)
                {
                    string name = tensors[layer].Name;
                    writeLayer(new LayerIndex(layer), bundles => writer.Write(name, bundles));
                }
            },
            ImageFiles.DataAlignmentBytes);
    }

    /// <summary>Writes placement.safetensors.</summary>
    /// <param name="placementOf">Each layer's order.</param>
    public void WritePlacement(Func<LayerIndex, Permutation> placementOf)
    {
        TensorDeclaration[] tensors = EachLayer(i => new(ImageFiles.PlacementTensor(i), SafetensorsDtype.I32, [_contents.SlotCount]));
        WriteTensors(ImageFiles.Placement, tensors, writer =>
        {
            for (int layer = 0; layer < tensors.Length; layer++)
                writer.Write(tensors[layer].Name, MemoryMarshal.AsBytes(placementOf(new LayerIndex(layer)).NeuronOfSlot));
        });
    }

    /// <summary>Adds a file of the image's own.</summary>
    /// <param name="fileName">Its name in the image.</param>
    /// <param name="write">Writes it at the path that it is given, and syncs it.</param>
    /// <exception cref="NeuralinkException">The disk is full or fails.</exception>
    public void WriteFile(string fileName, Action<string> write)
    {
        string path = PathOf(fileName);
        write(path);
        _files.Add(fileName, new FileManifest(new FileInfo(path).Length, FileDigest.Of(path)));
    }

    /// <summary>Adds a file beside the image's own, which its manifest does not list: others may replace it.</summary>
    /// <param name="fileName">Its name in the image.</param>
    /// <param name="write">
    /// Writes it at the path that it is given, for the model that it is given the digest of: the weights are written by then.
    /// </param>
    /// <exception cref="NeuralinkException">The disk is full or fails.</exception>
    public void WriteExtra(string fileName, Action<string, string> write) =>
        write(PathOf(fileName), ModelDigest.Of(ManifestOf(PlacementManifest.Identity)));

    /// <summary>Copies a file.</summary>
    /// <param name="sourcePath">Where from.</param>
    /// <param name="fileName">Its name in the image.</param>
    /// <param name="advance">Told the bytes of each piece copied; may throw to end it.</param>
    /// <param name="isListed">Whether it is one of the image's own, which its manifest lists; others may be changed by anyone.</param>
    /// <returns>Length and digest of what was copied.</returns>
    /// <exception cref="NeuralinkException">The source cannot be read, or the disk is full or fails.</exception>
    public FileManifest CopyFile(string sourcePath, string fileName, Action<int>? advance = null, bool isListed = true)
    {
        byte[] piece = new byte[PieceBytes];
        long doneBytes = 0;
        FileDigest digest = new();
        using FileStream source = OpenSource(sourcePath);
        using FileStream target = Create(PathOf(fileName));
        for (int count; (count = Read(source, piece)) > 0; advance?.Invoke(count))
        {
            digest.Append(piece.AsSpan(0, count));
            Guard(target.Name, () => target.Write(piece, 0, count));
            doneBytes += count;
        }
        Guard(target.Name, () => target.Flush(flushToDisk: true));
        FileManifest copied = new(doneBytes, digest.Finish());
        if (isListed)
            _files.Add(fileName, copied);
        return copied;
    }

    /// <summary>Writes the manifest, and makes the image appear.</summary>
    /// <param name="placement">How its neurons are ordered.</param>
    /// <exception cref="NeuralinkException">The destination has come into existence and may not, or the disk is full or fails.</exception>
    public void Commit(PlacementManifest placement)
    {
        SyncedFile.Write(
            PathOf(ImageManifest.FileName),
            JsonSerializer.SerializeToUtf8Bytes(ManifestOf(placement), ImageManifestJson.Default.ImageManifest));
        _folder.Commit();
    }

    /// <summary>Without a commit, deletes what was written.</summary>
    public void Dispose() => _folder.Dispose();

    private ImageManifest ManifestOf(PlacementManifest placement) => new()
    {
        Format = ImageManifest.FormatName,
        FormatVersion = ImageManifest.CurrentVersion,
        WrittenBy = $"neuralink {typeof(ImageWriter).Assembly.GetName().Version?.ToString(3)}",
        Model = _contents.Model,
        Weights = _contents.Weights,
        LayerCount = _contents.LayerCount,
        FfnCount = _contents.FfnCount,
        SlotCount = _contents.SlotCount,
        Bundle = _contents.Bundle,
        Placement = placement,
        Predictor = _contents.Predictor,
        Files = _files,
    };

    private static FileStream OpenSource(string path)
    {
        try
        {
            return new FileStream(path, new FileStreamOptions { Options = FileOptions.SequentialScan, BufferSize = 0 });
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new NeuralinkException($"read {path}", expected: null, error.Message, inner: error);
        }
    }

    private static int Read(FileStream source, byte[] piece)
    {
        try
        {
            return source.Read(piece);
        }
        catch (IOException error)
        {
            throw new NeuralinkException($"read {source.Name}", expected: null, error.Message, "check the disk", error);
        }
    }

    private static FileStream Create(string path)
    {
        FileStream? stream = null;
        Guard(
            path,
            () =>
                stream = new FileStream(
                    path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 }));
        return stream!;
    }

    private static void Guard(string path, Action write)
    {
        try
        {
            write();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw WriteFailure.Describe(path, error);
        }
    }

    private TensorDeclaration[] EachLayer(Func<int, TensorDeclaration> declare) =>
        [.. Enumerable.Range(0, _contents.FfnCount).Select(declare)];

    private string PathOf(string fileName) => Path.Combine(_folder.Path, fileName);
}

/// <summary>What an image holds whatever the order of its neurons.</summary>
/// <param name="Model">The model's configuration.</param>
/// <param name="Weights">The formats of its weights.</param>
/// <param name="LayerCount">Decoder layers.</param>
/// <param name="FfnCount">FFNs whose neurons it holds.</param>
/// <param name="SlotCount">Slots, and so neurons, of each.</param>
/// <param name="Bundle">How a bundle is laid out.</param>
/// <param name="Predictor">The predictor whose weights the image has.</param>
public sealed record ImageContents(
    JsonElement Model, WeightsManifest Weights, int LayerCount, int FfnCount, int SlotCount, BundleManifest Bundle, string Predictor)
{
    /// <summary>What the image of <paramref name="m"/> holds.</summary>
    public static ImageContents Of(ImageManifest m) =>
        new(m.Model, m.Weights, m.LayerCount, m.FfnCount, m.SlotCount, m.Bundle, m.Predictor);
}
