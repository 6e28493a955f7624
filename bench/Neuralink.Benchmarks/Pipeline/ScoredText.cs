using Neuralink.Models.Sampling;
using Neuralink.Models.Tracing;
using Neuralink.Placement;
using Neuralink.Placement.Traces;
using Neuralink.Storage.Image;
using Neuralink.Storage.Traces;

namespace Neuralink.Benchmarks.Pipeline;

/// <summary>A text that a model has generated, and which of its neurons are active at each token.</summary>
/// <param name="Tokens">The text; the last token is not run.</param>
/// <param name="Active">For each layer [tokens - 1, neurons].</param>
internal sealed record ScoredText(int[] Tokens, IReadOnlyList<ActivationMatrix> Active)
{
    private const int Length = 97;

    public static async Task<ScoredText> MakeAsync(string image, int threads, string folder)
    {
        int[] tokens = await GenerateAsync(image, threads);
        FlashImage opened = FlashImage.Open(image);
        string path = Path.Combine(folder, "text.trace");
        TokenWindows windows = TokenWindows.Cut([tokens[..^1]], tokens.Length - 1);
        using (ActivationTracer tracer = new(opened, windows.WindowTokens, threads, memoryBytes: null, TimeProvider.System))
        {
            using ActivationTraceWriter writer = ActivationTraceWriter.Open(path, tracer.Describe("model", "a text", windows));
            tracer.Trace(windows, writer, progress: null, CancellationToken.None);
        }
        using ActivationTrace trace = ActivationTrace.Open(path);
        return new ScoredText(tokens, [.. Enumerable.Range(0, trace.Info.LayerCount).Select(layer => trace.Layer(new LayerIndex(layer)))]);
    }

    private static async Task<int[]> GenerateAsync(string image, int threads)
    {
        EngineOptions options = new() { Threads = threads, ContextTokens = Length + 1, Cache = CacheSize.OfShare(0.5) };
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(image, options);
        List<int> tokens = [.. engine.Tokenizer.Encode("Once upon a time")];
        GenerationRequest request = new()
        {
            Prompt = tokens.ToArray(),
            MaxTokens = Length - tokens.Count,
            Sampling = new SamplingOptions { Seed = 7 },
            IgnoreEndTokens = true,
        };
        await foreach (GenerationEvent happened in engine.GenerateAsync(request))
        {
            if (happened is GenerationFinished finished)
                tokens.AddRange(finished.Result.Tokens);
        }
        return [.. tokens];
    }
}
