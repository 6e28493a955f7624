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
    private readonly SafetensorsFile _predictor;
    private readonly ModelFormats _formats;
    private readonly byte[] _bundles;
    private LayerIndex? _layer;

    private ImageCheckpoint(ImageModel model, SafetensorsFile resident, SafetensorsFile predictor, SafetensorsFile neurons)
        : base(model.Image.Folder, model.Config)
    {
        _image = model.Image;
        _layout = model.Layout;
        _formats = model.Formats;
        _resident = resident;
        _predictor = predictor;
        _neurons = neurons;
        _bundles = new byte[checked(_layout.StrideBytes * model.Config.FfnSize)];
    }

    /// <summary>Opens an image; its resident weights are checked against their digest.</summary>
    /// <exception cref="NeuralinkException">It is damaged.</exception>
    public static ImageCheckpoint OpenImage(string folder)
    {
        FlashImage image = FlashImage.Open(folder);
        ImageModel model = ImageModel.Of(image);
        foreach (string file in (string[])[ImageFiles.Resident, ImageFiles.Predictor, ImageFiles.Placement])
            ImageVerifier.VerifyFile(image, file);
        List<SafetensorsFile> files = [];
        try
        {
            foreach (string path in (string[])[image.PathOf(ImageFiles.Resident), image.PathOf(ImageFiles.Predictor), image.NeuronsPath])
                files.Add(SafetensorsFile.Open(path));
            return new ImageCheckpoint(model, files[0], files[1], files[2]);
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    public override SourceTensor Get(string name)
    {
        if (_resident.Tensors.TryGetValue(name, out TensorInfo? tensor))
            return SourceTensor.Of(tensor, _formats, TensorPlace.Resident);
        if (!_layout.HasDeciding && _predictor.Tensors.TryGetValue(name, out tensor))
            return SourceTensor.Of(tensor, _formats, TensorPlace.Predictor);
        (_, Part part) = Find(name);
        long neurons = Config.FfnSize;
        return part switch
        {
            // The bundles have its columns.
            Part.Down => new SourceTensor(
                name, ElementType.Of(_layout.Format.Down), [Config.HiddenSize, neurons], neurons * _layout.DownBytes)
            { IsTransposed = true },
            Part.GateBias or Part.UpBias => new SourceTensor(name, ElementType.Of(WeightFormat.F32), [neurons], neurons * sizeof(float)),
            _ => new SourceTensor(
                name, ElementType.Of(_layout.Format.Rows), [neurons, Config.HiddenSize], neurons * _layout.RowBytes),
        };
    }

    public override void Read(SourceTensor tensor, long offsetBytes, Span<byte> destination)
    {
        foreach (SafetensorsFile file in _layout.HasDeciding ? [_resident] : new[] { _resident, _predictor })
        {
            if (file.Tensors.TryGetValue(tensor.Name, out TensorInfo? known))
            {
                file.Read(known, offsetBytes, destination);
                return;
            }
        }
        (LayerIndex layer, Part part) = Find(tensor.Name);
        Load(layer);
        Permutation order = _image.PlacementOf(layer);
        for (long at = offsetBytes; !destination.IsEmpty;)
        {
            (int neuron, int offset, int count) = Locate(part, at);
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
        _predictor.Dispose();
        _neurons.Dispose();
    }

    // A row of gate or up is a piece of one bundle, and so is a column of down.
    private (int Neuron, int Offset, int Count) Locate(Part part, long at)
    {
        (int begin, int length) = part switch
        {
            Part.Gate => (_layout.DecidingOffset, _layout.RowBytes),
            Part.Up => (_layout.UpOffset, _layout.RowBytes),
            Part.Down => (_layout.DownOffset, _layout.DownBytes),
            Part.GateBias => (_layout.BiasOffset, sizeof(float)),
            _ => (_layout.BiasOffset + ((_layout.BiasCount - 1) * sizeof(float)), sizeof(float)),
        };
        (long index, long within) = Math.DivRem(at, length);
        return ((int)index, begin + (int)within, length - (int)within);
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
