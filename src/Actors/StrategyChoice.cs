using Neuralink.Actors.Prediction;
using Neuralink.Models.Configuration;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Storage.Image;

namespace Neuralink.Actors;

/// <summary>
/// Which strategy and which lookahead suit a model, for those who do not say. From measurements (docs/experiments.md, "Strategies"): reading ahead pays where lookahead is right most of
/// the time, which depends on the model and its predictors; computing clusters as they arrive costs nothing.
/// </summary>
/// <param name="Strategy">The strategy.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record StrategyChoice(ExecutionStrategy Strategy, string Reason)
{
    // Between the 6 layers of a model whose residuals change too much from one to the next, and the 24 of one where nine in ten of those named are wanted.
    private const int LayersMin = 12;

    /// <summary>Chooses a strategy.</summary>
    /// <param name="config">The model.</param>
    /// <param name="image">Where it lies, or null for one that is not packed.</param>
    /// <param name="options">What is given: the cache, and how far to look ahead.</param>
    public static StrategyChoice For(ModelConfig config, FlashImage? image, EngineOptions options)
    {
        if (options.Cache?.Share >= 1)
            return new(ExecutionStrategy.Serial, "the cache holds every neuron, and nothing is read twice");
        if (HasTrained(image, options))
            return new(ExecutionStrategy.PrefetchCluster, $"the image has a trained lookahead ({LowRankFile.NameOf(options.LookaheadLayers)})");
        return config.LayerCount >= LayersMin
            ? new(ExecutionStrategy.PrefetchCluster, $"{config.LayerCount} layers, each much like the next")
            : new(ExecutionStrategy.Cluster, $"{config.LayerCount} layers are too few to look ahead without training (`neuralink train-predictor --depth 1`)");
    }

    /// <summary>Chooses who looks ahead: a trained predictor where the image has one, otherwise a sketch, which costs a quarter of an exact one and finds nearly as much.</summary>
    public static PredictorOptions LookaheadFor(FlashImage? image, EngineOptions options) =>
        new() { Kind = HasTrained(image, options) ? PredictorKind.LowRank : PredictorKind.Sketch };

    private static bool HasTrained(FlashImage? image, EngineOptions options) => image is not null && File.Exists(image.PathOf(LowRankFile.NameOf(options.LookaheadLayers)));
}
