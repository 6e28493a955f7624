using Neuralink.Models.Sampling;
using Neuralink.Placement.Cost;
using Neuralink.Storage.Devices;
using Neuralink.Studies.Measuring;

namespace Neuralink.Benchmarks.Pipeline;

/// <summary>Generates from an image that is in memory, behind the modelled cost of a device.</summary>
internal sealed record OverlapRun
{
    private const int Tokens = 48;
    private const int WarmUpTokens = 24;

    public string Image { get; init; } = "";

    /// <summary>The image's bundles.</summary>
    public NeuronsInMemory? Neurons { get; init; }

    public int Threads { get; init; } = 1;

    /// <summary>Of the sketch that looks ahead; null takes its default.</summary>
    public float? Margin { get; init; }

    /// <summary>Of what lookahead names, the share that must be wanted; null takes the default.</summary>
    public double? PrecisionMin { get; init; }

    /// <summary>What reads cost; null: nothing but a copy.</summary>
    public ReadCost? Cost { get; init; }

    /// <summary>Generates a text with a newly opened engine, after another one that warms up.</summary>
    public async Task<GenerationResult> GenerateAsync(ExecutionStrategy strategy, Timeline? timeline = null)
    {
        EngineOptions options = new();
        options = options with
        {
            LookaheadPrecisionMin = PrecisionMin ?? options.LookaheadPrecisionMin,
            Strategy = strategy,
            Lookahead = new PredictorOptions { Kind = PredictorKind.Sketch, Margin = Margin },
            Threads = Threads,
            Cache = CacheSize.OfShare(0.05),
            ContextTokens = 256,
            ReadCost = Cost ?? ReadCost.Default,
        };
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(Image, options, timeline, decorate: file =>
        {
            IFlashDevice memory = Neurons!.InPlaceOf(file, TimeProvider.System);
            return Cost is null ? memory : new ThrottledDevice(memory, Cost, TimeProvider.System);
        });
        await GenerateAsync(engine, WarmUpTokens);
        return await GenerateAsync(engine, Tokens);
    }

    private static async Task<GenerationResult> GenerateAsync(NeuralinkEngine engine, int tokens)
    {
        GenerationRequest request = new()
        {
            Prompt = new[] { 42 },
            MaxTokens = tokens,
            Sampling = new SamplingOptions { Seed = 7 },
            IgnoreEndTokens = true,
        };
        await foreach (GenerationEvent happened in engine.GenerateAsync(request))
        {
            if (happened is GenerationFinished finished)
                return finished.Result;
        }
        throw new InvalidOperationException("The generation ended without a result.");
    }
}
