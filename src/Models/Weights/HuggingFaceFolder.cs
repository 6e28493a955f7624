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
    private readonly CheckpointNames _names;

    private HuggingFaceFolder(string path, ModelConfig config, SafetensorsSet tensors)
    {
        Path = path;
        Config = config;
        _tensors = tensors;
        _names = new CheckpointNames(path, [.. tensors.Names, .. tensors.MisplacedNames]);
    }

    public string Path { get; }

    public string Location => Path;

    public ModelConfig Config { get; }

    /// <summary>The format of the first FFN matrix, which packing keeps unless told otherwise.</summary>
    public WeightFormat SourceFormat => WeightFormats.From(Get($"{TensorNames.For(Config.Family).Layer(0).Up}.weight").Dtype);

    /// <param name="path">The folder.</param>
    /// <param name="note">Takes, a line each, what was ignored and a user should know.</param>
    /// <exception cref="NeuralinkException">A file is missing or damaged, or configuration and tensors contradict each other.</exception>
    public static HuggingFaceFolder Open(string path, Action<string>? note = null)
    {
        ModelConfig config = HuggingFaceConfig.Read(path, note);
        HuggingFaceFolder folder = new(path, config, SafetensorsSet.Open(path, note));
        try
        {
            new CheckpointReview(path, config, folder._tensors, folder._names).Run(note);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
        return folder;
    }

    /// <summary>The tensor that Hugging Face's own checkpoints call <paramref name="name"/>, whatever this one calls it.</summary>
    public TensorInfo Get(string name) => _tensors.Get(_names.Find(name) ?? name);

    public void Read(TensorInfo tensor, long offsetBytes, Span<byte> destination) => _tensors.Read(tensor, offsetBytes, destination);

    public void Dispose() => _tensors.Dispose();
}
