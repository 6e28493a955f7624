using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;
using Neuralink.Storage;
using Neuralink.Storage.Safetensors;
using Neuralink.Storage.Weights;

namespace Neuralink.Models.Inference.Predictors;

/// <summary>
/// A low-rank predictor, open for reading: one that `neuralink train-predictor` wrote, or published weights as they are (TurboSparse,
/// PowerInfer, Deja Vu). Opening checks everything but the weights themselves.
/// </summary>
public sealed class LowRankFile : ITensorSource, IDisposable
{
    // Where published checkpoints keep a layer's fc1 and fc2: TurboSparse's, others in the style of Hugging Face, and PowerInfer's own.
    private static readonly Func<int, string>[] s_publishedModules =
    [
        static i => $"model.layers.{i}.mlp.predictor", static i => $"model.layers.{i}.predictor",
        static i => $"model.decoder.layers.{i}.predictor",
        static i => $"layers.{i}", static i => $"blk.{i}",
    ];

    private readonly IDisposable _owner;
    private readonly IReadOnlyDictionary<string, TensorInfo> _tensors;
    private readonly ReadTensor _read;
    private readonly Func<int, string> _module;

    private LowRankFile(
        string path, IDisposable owner, IReadOnlyDictionary<string, TensorInfo> tensors, ReadTensor read, Func<int, string> module,
        LowRankInfo info)
    {
        Location = path;
        _owner = owner;
        _tensors = tensors;
        _read = read;
        _module = module;
        Info = info;
    }

    private delegate void ReadTensor(TensorInfo tensor, long offsetBytes, Span<byte> destination);

    /// <summary>The file or folder, as it was given.</summary>
    public string Location { get; }

    /// <summary>What it says about itself.</summary>
    public LowRankInfo Info { get; }

    /// <summary>Where an image keeps the predictor of a depth: a file beside its own, which a new placement leaves as it is.</summary>
    public static string NameOf(int depth) => depth == 0 ? "low-rank.safetensors" : $"low-rank-ahead{depth}.safetensors";

    /// <summary>Where an image keeps a predictor that was made by decomposing its own matrices.</summary>
    public const string SvdName = "svd.safetensors";

    /// <summary>Whether a safetensors file is one of ours, by what it says of itself.</summary>
    /// <exception cref="NeuralinkException">It cannot be read.</exception>
    public static bool IsOurs(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        return file.Metadata.GetValueOrDefault("format") == LowRankFormat.Name;
    }

    /// <summary>Opens a file of ours.</summary>
    /// <exception cref="NeuralinkException">It cannot be read, is no predictor, of another version, or damaged.</exception>
    public static LowRankFile Open(string path)
    {
        SafetensorsFile file = SafetensorsFile.Open(path);
        try
        {
            return new LowRankFile(
                path, file, file.Tensors, file.Read, LowRankFormat.Module,
                LowRankFormat.Parse($"open {path}", file.Metadata, file.Tensors));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Opens published weights: a safetensors file, or a Hugging Face folder that has them beside the model's own. They take the residual
    /// before the FFN's norm and have no biases (PowerInfer, SOSP 2024, section 5); a layer without any is not predicted.
    /// </summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="config">The model they are for.</param>
    /// <param name="threshold">A neuron is predicted where its logit is at least this: PowerInfer's `powerinfer.sparse_threshold`.</param>
    /// <exception cref="NeuralinkException">They cannot be read, there are none, or they are not of the model's shape.</exception>
    public static LowRankFile OpenPublished(string path, ModelConfig config, float threshold = 0)
    {
        (IDisposable owner, IReadOnlyDictionary<string, TensorInfo> tensors, ReadTensor read) = OpenTensors(path);
        try
        {
            string operation = $"open {path}";
            Func<int, string> module = Array.Find(
                s_publishedModules, m => Enumerable.Range(0, config.LayerCount).Any(i => tensors.ContainsKey($"{m(i)}.fc1.weight")))
                ?? throw new NeuralinkException(
                    operation, $"predictor weights, as {s_publishedModules[0](0)}.fc1.weight", $"none among {tensors.Count} tensors",
                    "give a checkpoint that was published with them, or train a predictor with 'neuralink train-predictor'");
            LowRankShapes shapes = new(operation, tensors, "the predictor belongs to another model");
            LowRankLayer?[] layers = [.. Enumerable.Range(0, config.LayerCount).Select(i => Layer(shapes.Take(module(i), int.MaxValue)))];
            LowRankInfo info = new()
            {
                ModelDigest = null,
                ModelName = Path.GetFileName(Path.TrimEndingDirectorySeparator(path)),
                TrainedOn = "published",
                Weights = shapes.Weights,
                Depth = 0,
                Input = PredictorInput.Residual,
                HiddenSize = shapes.HiddenSize,
                NeuronCount = shapes.NeuronCount,
                Layers = layers,
            };
            info.ExpectModel(path, $"a model of {config.LayerCount} layers", "", config);
            return new LowRankFile(path, owner, tensors, read, module, info);
        }
        catch
        {
            owner.Dispose();
            throw;
        }

        LowRankLayer? Layer((int Rank, bool HasBias)? taken) =>
            taken is var (rank, hasBias) ? new LowRankLayer(rank, hasBias, threshold, Figures: null) : null;
    }

    /// <inheritdoc/>
    public SourceTensor Get(string name) => _tensors.TryGetValue(name, out TensorInfo? tensor)
        ? SourceTensor.Of(tensor)
        : throw new NeuralinkException($"open {Location}", $"tensor {name}", "no such tensor");

    /// <inheritdoc/>
    public void Read(SourceTensor tensor, long offsetBytes, Span<byte> destination) =>
        _read(_tensors[tensor.Name], offsetBytes, destination);

    /// <inheritdoc/>
    public void Dispose() => _owner.Dispose();

    /// <summary>The module that `.fc1.weight`, `.fc2.weight` and `.fc2.bias` of a layer belong to.</summary>
    internal string ModuleOf(int layer) => _module(layer);

    private static (IDisposable Owner, IReadOnlyDictionary<string, TensorInfo> Tensors, ReadTensor Read) OpenTensors(string path)
    {
        if (Directory.Exists(path))
        {
            WeightSet set = WeightSet.Open(path);
            return (set, set.Names.ToDictionary(name => name, set.Get, StringComparer.Ordinal), set.Read);
        }
        SafetensorsFile file = SafetensorsFile.Open(path);
        return (file, file.Tensors, file.Read);
    }
}
