using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Storage;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Models.Weights;

/// <summary>
/// A Hugging Face model folder: config.json, safetensors (one file or sharded), tokenizer.json. Opening checks that every tensor the
/// configuration calls for is there, with its shape, in a format this engine reads.
/// </summary>
public sealed class HuggingFaceFolder : ITensorSource, IDisposable
{
    private readonly SafetensorsSet _tensors;

    private HuggingFaceFolder(string path, ModelConfig config, SafetensorsSet tensors)
    {
        Path = path;
        Config = config;
        _tensors = tensors;
    }

    public string Path { get; }

    public string Location => Path;

    public ModelConfig Config { get; }

    public string TokenizerPath => System.IO.Path.Combine(Path, "tokenizer.json");

    /// <summary>The format of the first FFN matrix, which packing keeps unless told otherwise.</summary>
    public WeightFormat SourceFormat => WeightFormats.From(Get($"{TensorNames.For(Config.Family).Layer(0).Up}.weight").Dtype);

    /// <exception cref="NeuralinkException">A file is missing or damaged, or configuration and tensors contradict each other.</exception>
    public static HuggingFaceFolder Open(string path)
    {
        ModelConfig config = HuggingFaceConfig.Read(path);
        HuggingFaceFolder folder = new(path, config, SafetensorsSet.Open(path));
        try
        {
            foreach (TensorSpec spec in TensorCatalog.All(config))
                folder.Check(spec);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
        return folder;
    }

    /// <summary>The tensor that checkpoints call <paramref name="name"/>; OPT checkpoints of the bare decoder leave the "model." out.</summary>
    public TensorInfo Get(string name) =>
        _tensors.Find(name) ?? (name.StartsWith("model.decoder.", StringComparison.Ordinal) ? _tensors.Find(name["model.".Length..]) : null) ?? _tensors.Get(name);

    public void Read(TensorInfo tensor, long offsetBytes, Span<byte> destination) => _tensors.Read(tensor, offsetBytes, destination);

    public void Dispose() => _tensors.Dispose();

    private void Check(TensorSpec spec)
    {
        TensorInfo tensor = Get(spec.Name);
        long[] shape = spec.IsVector ? [spec.Rows] : [spec.Rows, spec.Columns];
        if (!tensor.Shape.SequenceEqual(shape))
        {
            throw new NeuralinkException(
                $"use {Path}", $"tensor {spec.Name} of shape [{string.Join(", ", shape)}], as config.json has it", tensor.ShapeText, "configuration and weights belong to different models");
        }
        if (!WeightFormats.IsWeight(tensor.Dtype))
            throw new NeuralinkException($"use {Path}", $"tensor {spec.Name} as F32, F16 or BF16", $"{tensor.Dtype}", "convert the checkpoint to one of these");
    }
}
