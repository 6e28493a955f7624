using System.Buffers;
using System.Runtime.InteropServices;
using Neuralink.Placement;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Storage.Image;

/// <summary>
/// An opened flash image (`model.nlk/`, docs/formats/flash-image.md): its manifest, its placement, and where each bundle lies.
/// Opening checks the manifest, every file's length, the shapes and offsets of neurons and placement, and that each placement is a
/// permutation. The bytes of the bundles are checked by their CRC when they are read, those of the other files by their digest.
/// </summary>
public sealed class FlashImage
{
    private readonly long[] _layerOffsetBytes;
    private readonly Permutation[] _placements;

    private FlashImage(string folder, ImageManifest manifest, long[] layerOffsetBytes, Permutation[] placements)
    {
        Folder = folder;
        Manifest = manifest;
        _layerOffsetBytes = layerOffsetBytes;
        _placements = placements;
    }

    public string Folder { get; }

    public ImageManifest Manifest { get; }

    public int LayerCount => Manifest.LayerCount;

    /// <summary>FFNs whose neurons are on flash: one for each layer, or one that all share.</summary>
    public int FfnCount => Manifest.FfnCount;

    public int SlotCount => Manifest.SlotCount;

    public int StrideBytes => Manifest.Bundle.StrideBytes;

    /// <summary>
    /// SHA-256, in lower-case hexadecimal, of what makes the model; the same before and after its neurons are placed anew.
    /// </summary>
    public string ModelDigest => Image.ModelDigest.Of(Manifest);

    /// <summary>The file that the flash device opens.</summary>
    public string NeuronsPath => PathOf(ImageFiles.Neurons);

    /// <summary>Whether <paramref name="folder"/> holds an image, of whatever version.</summary>
    public static bool IsImage(string folder) => File.Exists(Path.Combine(folder, ImageManifest.FileName));

    /// <summary>Whether <paramref name="folder"/> holds an image of an older version, which has to be packed again.</summary>
    public static bool IsOutdated(string folder) => ImageManifestReader.VersionOf(folder) < ImageManifest.CurrentVersion;

    /// <summary>The order of the neurons of <paramref name="layer"/>.</summary>
    public Permutation PlacementOf(LayerIndex layer) => _placements[FfnOf(layer)];

    /// <summary>Where in neurons.safetensors the bundle at <paramref name="slot"/> begins; a multiple of 512.</summary>
    public long OffsetOf(LayerIndex layer, Slot slot) => _layerOffsetBytes[FfnOf(layer)] + ((long)slot.Value * StrideBytes);

    /// <summary>The full path of one of the image's files.</summary>
    public string PathOf(string fileName) => Path.Combine(Folder, fileName);

    /// <exception cref="NeuralinkException">The image is of another version, or damaged.</exception>
    public static FlashImage Open(string folder)
    {
        ImageManifest manifest = ImageManifestReader.Read(folder);
        foreach ((string name, FileManifest file) in manifest.Files)
        {
            FileInfo info = new(Path.Combine(folder, name));
            if (!info.Exists || info.Length != file.Bytes)
            {
                throw new NeuralinkException(
                    $"open {info.FullName}", $"{file.Bytes} bytes", info.Exists ? $"{info.Length} bytes" : "no such file",
                    "the image is damaged; pack it again");
            }
        }
        long[] offsets = LayerOffsets(Path.Combine(folder, ImageFiles.Neurons), manifest);
        Permutation[] placements = ReadPlacements(Path.Combine(folder, ImageFiles.Placement), manifest);
        return new FlashImage(folder, manifest, offsets, placements);
    }

    private int FfnOf(LayerIndex layer) => FfnCount == 1 ? 0 : layer.Value;

    private static long[] LayerOffsets(string path, ImageManifest manifest)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        long[] offsets = new long[manifest.FfnCount];
        for (int layer = 0; layer < offsets.Length; layer++)
        {
            TensorInfo tensor = Expect(
                file, ImageFiles.NeuronsTensor(layer), SafetensorsDtype.U8, manifest.SlotCount, manifest.Bundle.StrideBytes);
            if (tensor.FileOffset % BundleCrc.StrideMultipleBytes != 0)
            {
                throw new NeuralinkException(
                    $"open {path}", $"tensor {tensor.Name} at a multiple of 512 bytes", $"offset {tensor.FileOffset}",
                    "pack the model again");
            }
            offsets[layer] = tensor.FileOffset;
        }
        return offsets;
    }

    private static Permutation[] ReadPlacements(string path, ImageManifest manifest)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Permutation[] placements = new Permutation[manifest.FfnCount];
        int[] order = ArrayPool<int>.Shared.Rent(manifest.SlotCount);
        for (int layer = 0; layer < placements.Length; layer++)
        {
            TensorInfo tensor = Expect(file, ImageFiles.PlacementTensor(layer), SafetensorsDtype.I32, manifest.SlotCount);
            Span<int> slots = order.AsSpan(0, manifest.SlotCount);
            file.Read(tensor, 0, MemoryMarshal.AsBytes(slots));
            if (!Permutation.TryCreate(slots, out Permutation? placement, out int bad))
            {
                throw new NeuralinkException(
                    $"open {path}", $"tensor {tensor.Name} a permutation of 0..{manifest.SlotCount - 1}",
                    $"neuron {slots[bad]} at slot {bad}, out of range or repeated",
                    "the placement is damaged; pack or place the model again");
            }
            placements[layer] = placement;
        }
        ArrayPool<int>.Shared.Return(order);
        return placements;
    }

    private static TensorInfo Expect(SafetensorsFile file, string name, SafetensorsDtype dtype, params long[] shape)
    {
        string expected = $"tensor {name} of {dtype} [{string.Join(", ", shape)}]";
        if (!file.Tensors.TryGetValue(name, out TensorInfo? tensor))
            throw new NeuralinkException($"open {file.Path}", expected, "no such tensor", "pack the model again");
        if (tensor.Dtype != dtype || !tensor.Shape.SequenceEqual(shape))
            throw new NeuralinkException($"open {file.Path}", expected, $"{tensor.Dtype} {tensor.ShapeText}", "pack the model again");
        return tensor;
    }
}
