using Neuralink.Kernels;
using Neuralink.Models.Tokenizers;
using Neuralink.Models.Tokenizers.Files;
using Neuralink.Models.Weights;
using Neuralink.Placement;
using Neuralink.Storage;
using Neuralink.Storage.Image;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Models.Checkpoints;

/// <summary>
/// A flash image as a checkpoint, for whoever turns it into another form: the matrices of a layer's FFN are put together again from its
/// bundles. Holds one layer's bundles in memory.
/// </summary>
internal sealed class ImageCheckpoint : Checkpoint
{
    private readonly FlashImage _image;
    private readonly BundleLayout _layout;
    private readonly SafetensorsFile _resident;
    private readonly SafetensorsFile _neurons;
    private readonly byte[] _bundles;
    private LayerIndex? _layer;

    private ImageCheckpoint(ImageModel model, SafetensorsFile resident, SafetensorsFile neurons)
        : base(model.Image.Folder, model.Config)
    {
        _image = model.Image;
        _layout = model.Layout;
        _resident = resident;
        _neurons = neurons;
        _bundles = new byte[checked(_layout.StrideBytes * model.Config.FfnSize)];
    }

    /// <summary>Opens an image; its resident weights are checked against their digest.</summary>
    /// <exception cref="NeuralinkException">It is damaged.</exception>
    public static ImageCheckpoint OpenImage(string folder)
    {
        FlashImage image = FlashImage.Open(folder);
        ImageModel model = ImageModel.Of(image);
        foreach (string file in (string[])[ImageFiles.Resident, ImageFiles.Placement])
            ImageVerifier.VerifyFile(image, file);
        SafetensorsFile resident = SafetensorsFile.Open(image.PathOf(ImageFiles.Resident));
        try
        {
            return new ImageCheckpoint(model, resident, SafetensorsFile.Open(image.NeuronsPath));
        }
        catch
        {
            resident.Dispose();
            throw;
        }
    }

    public override SourceTensor Get(string name)
    {
        if (_resident.Tensors.TryGetValue(name, out TensorInfo? tensor))
            return SourceTensor.Of(tensor);
        (_, Part part) = Find(name);
        long[] shape = part switch
        {
            Part.Down => [Config.HiddenSize, Config.FfnSize],
            Part.GateBias or Part.UpBias => [Config.FfnSize],
            _ => [Config.FfnSize, Config.HiddenSize],
        };
        ElementType type = ElementType.Of(shape.Length == 1 ? WeightFormat.F32 : _layout.Format.Rows);
        return new SourceTensor(name, type, [.. shape], shape.Aggregate(1L, (product, size) => product * size) * type.BlockBytes);
    }

    public override void Read(SourceTensor tensor, long offsetBytes, Span<byte> destination)
    {
        if (_resident.Tensors.TryGetValue(tensor.Name, out TensorInfo? resident))
        {
            _resident.Read(resident, offsetBytes, destination);
            return;
        }
        (LayerIndex layer, Part part) = Find(tensor.Name);
        Load(layer);
        Permutation order = _image.PlacementOf(layer);
        int elementBytes = tensor.Type.BlockBytes;
        for (long at = offsetBytes; !destination.IsEmpty;)
        {
            (int neuron, int offset, int count) = Locate(part, at, elementBytes);
            count = Math.Min(count, destination.Length);
            int slot = order.SlotOf(new NeuronId(neuron)).Value;
            _bundles.AsSpan((slot * _layout.StrideBytes) + offset, count).CopyTo(destination);
            destination = destination[count..];
            at += count;
        }
    }

    public override void RequireTokenizer() => TokenizerFiles.Find(Location);

    public override Tokenizer LoadTokenizer() => ImageTokenizer.Load(_image);

    internal override void WriteTokenizer(ImageWriter writer)
    {
        foreach (string file in TokenizerFiles.Find(Location))
            writer.CopyFile(Path.Combine(Location, file), file);
    }

    public override void Dispose()
    {
        _resident.Dispose();
        _neurons.Dispose();
    }

    // A row of gate or up is a piece of one bundle, an element of a row of down one of each.
    private (int Neuron, int Offset, int Count) Locate(Part part, long at, int elementBytes)
    {
        if (part == Part.Down)
        {
            (long row, long neuron) = Math.DivRem(at / elementBytes, Config.FfnSize);
            return ((int)neuron, _layout.DownOffset + ((int)row * elementBytes), elementBytes);
        }
        if (part is Part.GateBias or Part.UpBias)
        {
            int bias = part == Part.UpBias && _layout.Gated ? sizeof(float) : 0;
            return ((int)(at / sizeof(float)), _layout.BiasOffset + bias, sizeof(float));
        }
        (long index, long within) = Math.DivRem(at, _layout.RowBytes);
        int begin = part == Part.Gate ? _layout.DecidingOffset : _layout.UpOffset;
        return ((int)index, begin + (int)within, _layout.RowBytes - (int)within);
    }

    private (LayerIndex Layer, Part Part) Find(string name)
    {
        for (int i = 0; i < (Config.SharedFfn ? 1 : Config.LayerCount); i++)
        {
            LayerModules m = TensorNames.Layer(Config, i);
            Part? part = name == $"{m.Gate}.weight" ? Part.Gate : name == $"{m.Up}.weight" ? Part.Up
                : name == $"{m.Down}.weight" ? Part.Down
                : name == $"{m.Gate}.bias" ? Part.GateBias : name == $"{m.Up}.bias" ? Part.UpBias : null;
            if (part is { } found)
                return (new LayerIndex(i), found);
        }
        throw new NeuralinkException($"read {Location}", $"a tensor '{name}'", "no such tensor", "pack the model again");
    }

    private void Load(LayerIndex layer)
    {
        if (_layer == layer)
            return;
        _layer = null;
        _neurons.Read(_neurons.Tensors[ImageFiles.NeuronsTensor(layer.Value)], 0, _bundles);
        for (int slot = 0; slot < Config.FfnSize; slot++)
        {
            if (!BundleCrc.IsIntact(_bundles.AsSpan(slot * _layout.StrideBytes, _layout.StrideBytes)))
                throw ImageVerifier.DamagedBundle(_image, layer, new Slot(slot), "read");
        }
        _layer = layer;
    }

    private enum Part
    {
        Gate,
        Up,
        Down,
        GateBias,
        UpBias,
    }
}
