using Neuralink.Models.Configuration;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Storage.Image;

namespace Neuralink;

/// <summary>
/// Which strategy and which lookahead suit a model, for those who do not say. From measurements (docs/experiments/strategies.md): reading
/// ahead pays where lookahead is right most of the time, which depends on the model and its predictors; computing clusters as they arrive
/// costs nothing. A sketch costs a quarter of an exact lookahead and finds nearly as much.
/// </summary>
/// <param name="Strategy">The strategy.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record StrategyChoice(ExecutionStrategy Strategy, string Reason)
{
    // Between the 6 layers of a model whose residuals change too much from one to the next, and the 24 of one where nine in
    // ten of those named are wanted.
    private const int LayersMin = 12;

    /// <summary>
    /// Completes options: with the strategy that was asked for, or a chosen one; and with a lookahead unless there is one.
    /// </summary>
    /// <returns>The options, and the choice where one was made.</returns>
    internal static (EngineOptions Options, StrategyChoice? Choice) Complete(
        EngineOptions options, ExecutionStrategy? asked, ModelConfig config, FlashImage? image)
    {
        StrategyChoice? choice = asked is null ? For(config, options) : null;
        if (!config.IsSparse || (asked ?? choice!.Strategy) == ExecutionStrategy.Stream)
            return (options with { Strategy = asked ?? choice!.Strategy }, choice);
        // A sketch tells what exceeds a threshold, and not what is far from zero on either side.
        PredictorKind untrained = config.ActivationOf(0).IsRectified ? PredictorKind.Sketch : PredictorKind.Exact;
        PredictorOptions lookahead = options.Lookahead
            ?? new PredictorOptions { Kind = HasTrained(image, options) ? PredictorKind.LowRank : untrained };
        return (options with { Strategy = asked ?? choice!.Strategy, Lookahead = lookahead }, choice);
    }

    /// <summary>Chooses a strategy.</summary>
    /// <param name="config">The model.</param>
    /// <param name="options">What is given: the cache, and who is to look ahead if somebody is.</param>
    internal static StrategyChoice For(ModelConfig config, EngineOptions options)
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
        return config.LayerCount >= LayersMin
            ? new(ExecutionStrategy.PrefetchCluster, $"{config.LayerCount} layers, each much like the next")
            : new(ExecutionStrategy.Cluster, $"{config.LayerCount} layers, each too unlike the next to look ahead");
    }

    private static bool HasTrained(FlashImage? image, EngineOptions options) =>
        image is not null && File.Exists(image.PathOf(LowRankFile.NameOf(options.LookaheadLayers)));
}
