using Neuralink.Models.Configuration;
using Neuralink.Models.Tracing;
using Neuralink.Placement.Ordering;
using Neuralink.Storage.Image;
using Neuralink.Storage.Traces;

namespace Neuralink.Tests.Support;

/// <summary>
/// One model in images of different orders, with activation traces of some texts and low-rank predictors of random
/// weights; deleted when disposed.
/// </summary>
public sealed class ModelArrangements : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("neuralink-test-").FullName;
    private readonly PackedModel _packed;

    /// <summary>Packs, traces and places a model.</summary>
    /// <param name="sourceFolder">The Hugging Face folder.</param>
    /// <param name="texts">Tokens to be traced, each text from position 0.</param>
    /// <param name="methods">The orders, beside the model's own.</param>
    public ModelArrangements(string sourceFolder, IReadOnlyList<int[]> texts, params PlacementMethod[] methods)
    {
        _packed = new PackedModel(sourceFolder);
        Source = FlashImage.Open(_packed.Folder);
        Config = ModelConfigJson.Read(Source);
        for (int text = 0; text < texts.Count; text++)
            Trace(TracePath(text), texts[text]);
        foreach (PlacementMethod method in methods)
            Place(method);
    }

    /// <summary>The image in the model's own order.</summary>
    public FlashImage Source { get; }

    public ModelConfig Config { get; }

    /// <summary>The image in an order.</summary>
    public string FolderOf(PlacementMethod method) =>
        method == PlacementMethod.Identity ? _packed.Folder : Path.Combine(_root, $"{method}.nlk");

    /// <summary>The activation trace of a text.</summary>
    public string TracePath(int text) => Path.Combine(_root, $"{text}.trace");

    /// <summary>A low-rank predictor of random weights for a lookahead of so many layers; 0 is for any.</summary>
    public string LowRankPath(int depth)
    {
        string path = Path.Combine(_root, $"low-rank-{depth}.safetensors");
        if (!File.Exists(path))
            RandomPredictor.Write(path, Source.ModelDigest, Config, depth);
        return path;
    }

    public void Dispose()
    {
        _packed.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    private void Trace(string path, int[] tokens)
    {
        TokenWindows windows = TokenWindows.Cut([tokens], tokens.Length);
        using ActivationTracer tracer = new(Source, windows.WindowTokens, threads: 1, memoryBytes: null, TimeProvider.System);
        using ActivationTraceWriter writer = ActivationTraceWriter.Open(path, tracer.Describe("model", "a text", windows));
        tracer.Trace(windows, writer, progress: null, CancellationToken.None);
    }

    private void Place(PlacementMethod method)
    {
        using ActivationTrace trace = ActivationTrace.Open(TracePath(0));
        OrderingOptions options = new() { Method = method, StrideBytes = Source.StrideBytes };
        ModelOrder order = ModelOrdering.Order(Source.LayerCount, trace.Layer, options, TimeProvider.System);
        PlacementManifest manifest = new(method.ToString().ToLowerInvariant(), Seed: null, Trace: null, Statistics: null, ReadCost: null);
        ImageRewriter.Rewrite(Source, FolderOf(method), order.Layers, manifest);
    }
}
