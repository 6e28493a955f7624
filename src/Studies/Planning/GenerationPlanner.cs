using Neuralink.Models.Weights;
using Neuralink.Placement.Cost;
using Neuralink.Storage;
using Neuralink.Storage.Devices;

namespace Neuralink.Studies.Planning;

/// <summary>
/// Says what generating with a model will take before anything of it is loaded, by a simulation of the engine's pipeline. What it assumes
/// beyond what it is given is public: <see cref="Lookahead"/>, <see cref="PredictedPerActive"/>, <see cref="DeviceLatencyMicros"/>,
/// <see cref="SubmitMicros"/>.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="active">Which neurons are active at its tokens.</param>
/// <param name="speed">How fast the machine computes, with these very options.</param>
/// <param name="device">What reads really cost.</param>
/// <param name="lookahead">How good reading ahead is.</param>
public sealed class GenerationPlanner(
    PlannedModel model, ActivationForecast active, ComputeSpeed speed, ReadCost device, LookaheadQuality lookahead)
{
    /// <summary>
    /// From a read's submission to its completion beyond the device's work for it, on an idle device. 13 K reads/s of 4 KiB one at a time
    /// are 75 us each, many at a time take 24 us each (docs/experiments/devices.md).
    /// </summary>
    public const double DeviceLatencyMicros = 50;

    /// <summary>How good reading ahead is.</summary>
    public LookaheadQuality Lookahead => lookahead;

    /// <summary>
    /// Neurons that an approximate predictor predicts for one that is active. Low-rank ones are trained for at most 2.5 times the true
    /// share (`neuralink train-predictor`), and reach it where activity is hard to tell; a sketch at its default margin, by its bits, 1.1
    /// to 1.8 (docs/experiments/predictors.md).
    /// </summary>
    public static double PredictedPerActive(PredictorOptions predictor) => predictor.Kind switch
    {
        PredictorKind.LowRank or PredictorKind.Svd => 2,
        PredictorKind.Sketch => predictor.Bits switch { 4 => 1.1, 3 => 1.3, _ => 1.8 },
        _ => 1,
    };

    /// <summary>
    /// Processor time of a read, without its checksums: 11 to 35 us by a thread, 5 to 10 by io_uring (docs/experiments/devices.md).
    /// </summary>
    public static double SubmitMicros(FlashAccess io) => io == FlashAccess.Uring ? 8 : 20;

    /// <summary>Times this machine's computing for a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">Threads, strategy, predictors.</param>
    /// <param name="active">How many neurons are computed.</param>
    /// <param name="duration">How long to time; it warms up as long.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="NeuralinkException">The system does not give the memory for a few layers.</exception>
    public static ComputeSpeed Measure(
        PlannedModel model, EngineOptions options, ActivationForecast active, TimeSpan duration, TimeProvider time)
    {
        options.Validate();
        double perLayer = PredictedPerActive(options.Predictor) * active.ActivePerToken / active.LayerCount;
        int neurons = (int)Math.Clamp(perLayer, 1, model.Config.FfnSize);
        int context = options.ContextTokens ?? model.Config.ContextLength;
        ComputeSpeed speed = ComputeProbe.Measure(model, options, context, neurons, duration, time);
        PredictorSources predictors = model.PredictorsOf(options);
        return speed with
        {
            PredictorMillis = speed.PredictorMillis * OfExact(options.Predictor, predictors.Main),
            LookaheadMillis = speed.LookaheadMillis * (predictors.Ahead is { } ahead ? OfExact(options.LookaheadPredictor, ahead) : 0),
        };

        // A low-rank predictor is two products, which take their bytes' share of the exact one's.
        double OfExact(PredictorOptions predictor, PredictorSource source) => predictor.Kind is PredictorKind.LowRank or PredictorKind.Svd
            ? (double)source.RequiredBytes(1) / WeightFile.RequiredBytes(model.Config, model.Formats, TensorPlace.Predictor)
            : 1;
    }

    /// <summary>The plan by the options' memory.</summary>
    /// <exception cref="NeuralinkException">The model does not fit; the message has the plan and the smallest budget.</exception>
    public GenerationPlan Plan(EngineOptions options)
    {
        options.Validate();
        return new GenerationSimulation(model, active, speed, device, lookahead).Run(model.MemoryPlanOf(options), options);
    }

    /// <summary>The smallest memory that works, in bytes of whole MiB.</summary>
    /// <exception cref="NeuralinkException">None does: a predictor is not there.</exception>
    public static long SmallestBytes(PlannedModel model, EngineOptions options)
    {
        const long MiB = 1 << 20;
        return (model.SmallestPlanOf(options).TotalBytes + MiB - 1) / MiB * MiB;
    }
}
