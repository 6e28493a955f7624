using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Models.Weights;
using Neuralink.Storage.Image;

namespace Neuralink;

/// <summary>
/// Which strategy and which lookahead suit a model, for those who do not say. Computing clusters as they arrive costs nothing. Whether
/// reading ahead pays depends on how often lookahead is right, on the device and on who else wants the processors. No figure of a model
/// says that (docs/experiments/strategies.md), so it is found out while texts run: <see cref="Pipeline.Prediction.LookaheadTrial"/>.
/// </summary>
/// <param name="Strategy">The strategy.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record StrategyChoice(ExecutionStrategy Strategy, string Reason)
{
    // Of a budget, the part that a sketch beside an exact predictor may take from the neurons: a 4-bit sketch finds no more than the exact
    // predictor does, which is there anyway, and takes a quarter to half of its time.
    private const int SketchPart = 16;

    /// <summary>Whether passes that look ahead are compared with others while texts run.</summary>
    internal bool TriesLookahead { get; init; }

    /// <summary>
    /// Completes options: with the strategy that was asked for, or a chosen one; and with a lookahead unless there is one.
    /// </summary>
    /// <param name="options">What is given: memory, cache, predictors.</param>
    /// <param name="asked">The strategy that was asked for, or null.</param>
    /// <param name="config">The model.</param>
    /// <param name="image">Its image, or null for a model that is not packed.</param>
    /// <param name="formats">The formats of its matrices, as far as they are known.</param>
    /// <returns>The options, and the choice where one was made.</returns>
    internal static (EngineOptions Options, StrategyChoice? Choice) Complete(
        EngineOptions options, ExecutionStrategy? asked, ModelConfig config, FlashImage? image, ModelFormats? formats)
    {
        StrategyChoice? choice = asked is null ? For(config, formats, options) : null;
        options = options with { Strategy = asked ?? choice!.Strategy, TriesLookahead = choice is { TriesLookahead: true } };
        if (!config.IsSparse || options.Strategy == ExecutionStrategy.Stream)
            return (options, choice);
        return (options with { Lookahead = options.Lookahead ?? LookaheadFor(config, image, formats, options) }, choice);
    }

    /// <summary>Chooses a strategy.</summary>
    /// <param name="config">The model.</param>
    /// <param name="formats">The formats of its matrices, as far as they are known.</param>
    /// <param name="options">What is given: memory, the cache, and who is to look ahead if somebody is.</param>
    internal static StrategyChoice For(ModelConfig config, ModelFormats? formats, EngineOptions options)
    {
        if (!config.IsSparse)
        {
            string activation = ActivationNames.NameOf(config.Activation, config.ActivationThreshold);
            return new(ExecutionStrategy.Stream, $"{activation} leaves no neuron silent, so every one is read");
        }
        if (options.Lookahead is { } lookahead)
            return new(ExecutionStrategy.PrefetchCluster, $"a lookahead is asked for, {lookahead}");
        if (options.Cache?.Share >= 1)
            return new(ExecutionStrategy.Serial, "the cache holds every neuron, and nothing is read twice");
        if (options is { Cache: null, MemoryBytes: { } budget } && formats is { } known && budget >= BytesOf(config, known))
            return new(ExecutionStrategy.Cluster, "the memory holds the model, so that little is read");
        return new(
            ExecutionStrategy.PrefetchCluster,
            "reads ahead, unless tokens prove quicker without: now and then one is made the other way")
        {
            TriesLookahead = true,
        };
    }

    private static PredictorOptions LookaheadFor(ModelConfig config, FlashImage? image, ModelFormats? formats, EngineOptions options)
    {
        if (HasTrained(image, options))
            return new PredictorOptions { Kind = PredictorKind.LowRank };
        PredictorOptions sketch = new() { Kind = PredictorKind.Sketch };
        return options.Predictor.Kind switch
        {
            // Its weights serve both.
            PredictorKind.Sketch => sketch with { Bits = options.Predictor.Bits },
            PredictorKind.Svd => options.Predictor,
            // A sketch tells what exceeds a threshold, and not what is far from zero on either side.
            PredictorKind.Exact when !config.ActivationOf(0).IsRectified || !SketchPays(config, formats, sketch, options) =>
                PredictorOptions.Exact,
            _ => config.ActivationOf(0).IsRectified ? sketch : PredictorOptions.Exact,
        };
    }

    /// <summary>Whether a sketch has fewer bits than the exact predictor, and a budget has room for both.</summary>
    private static bool SketchPays(ModelConfig config, ModelFormats? formats, PredictorOptions sketch, EngineOptions options) =>
        formats is not { Predictor: WeightFormat.Q4_0 }
            && (options.MemoryBytes is not { } budget
                || SketchPredictor.RequiredBytes(config, sketch.Bits, chunkTokens: 1) <= budget / SketchPart);

    /// <summary>Of all weights, without keys, values and buffers.</summary>
    private static long BytesOf(ModelConfig config, ModelFormats formats)
    {
        BundleLayout layout = new(formats.Bundles, config.HiddenSize, config.Gated, config.FfnBias);
        return WeightFile.RequiredBytes(config, formats, TensorPlace.Resident, leavesEmbedding: false)
            + WeightFile.RequiredBytes(config, formats, TensorPlace.Predictor)
            + ((long)config.FfnCount * config.FfnSize * layout.StrideBytes);
    }

    private static bool HasTrained(FlashImage? image, EngineOptions options) =>
        image is not null && File.Exists(image.PathOf(LowRankFile.NameOf(options.LookaheadLayers)));
}
