using Neuralink.Models.Weights;
using Neuralink.Placement.Cost;
using Neuralink.Storage;
using Neuralink.Storage.Devices;

namespace Neuralink.Studies.Planning;

/// <summary>
/// Says what generating with a model will take before anything of it is loaded. What it assumes beyond what it is given is public: <see cref="Lookahead"/>,
/// <see cref="PredictedPerFiring"/>, <see cref="DeviceLatencyMicros"/>, <see cref="SubmitMicros"/>.
/// </summary>
public sealed class GenerationPlanner
{
    /// <summary>
    /// From a read's submission to its completion beyond the device's work for it, on an idle device. 13 K reads/s of 4 KiB one at a time are 75 us each, many at a
    /// time take 24 us each (docs/experiments/devices.md).
    /// </summary>
    public const double DeviceLatencyMicros = 50;

    // Messages of a layer that Compute always waits for: it reaches the layer, it is told what fires. And those of a demand: to Cache, Io, of the completion, back to Cache, to Compute.
    private const int LayerMessages = 2, DemandMessages = 5;

    // Of a token: it is accepted, and the next pass begins.
    private const int TokenMessages = 2;

    private static readonly TokenCosts s_nothing = new()
    {
        ResidentMillis = 0,
        PredictorMillis = 0,
        LookaheadMillis = 0,
        ActivateMillis = 0,
        DownMillis = 0,
        MessageMillis = 0,
        SubmitMillis = 0,
        DemandedMillis = 0,
        AheadMillis = 0,
        LatencyMillis = 0,
        HitShare = 0,
        FoundShare = 0,
    };

    private readonly PlannedModel _model;
    private readonly FiringForecast _firing;
    private readonly ComputeSpeed _speed;
    private readonly ReadCost _device;

    /// <param name="model">The model.</param>
    /// <param name="firing">Which neurons its tokens fire.</param>
    /// <param name="speed">How fast the machine computes, with these very options.</param>
    /// <param name="device">What reads really cost.</param>
    /// <param name="lookahead">How good reading ahead is.</param>
    public GenerationPlanner(PlannedModel model, FiringForecast firing, ComputeSpeed speed, ReadCost device, LookaheadQuality lookahead)
    {
        _model = model;
        _firing = firing;
        _speed = speed;
        _device = device;
        Lookahead = lookahead;
    }

    /// <summary>How good reading ahead is.</summary>
    public LookaheadQuality Lookahead { get; }

    /// <summary>
    /// Neurons that an approximate predictor predicts for one that fires. Low-rank ones are trained for at most 2.5 times the true share (`neuralink train-predictor`), and reach it
    /// where firing is hard to tell; a sketch at its default margin, by its bits, 1.1 to 1.8 (docs/experiments/predictors.md).
    /// </summary>
    public static double PredictedPerFiring(PredictorOptions predictor) => predictor.Kind switch
    {
        PredictorKind.LowRank => 2,
        PredictorKind.Sketch => predictor.Bits switch { 4 => 1.1, 3 => 1.3, _ => 1.8 },
        _ => 1,
    };

    /// <summary>Processor time of a read, without its checksums: 11 to 35 us by a thread, 5 to 10 by io_uring (docs/experiments/devices.md).</summary>
    public static double SubmitMicros(FlashAccess io) => io == FlashAccess.Uring ? 8 : 20;

    /// <summary>Times this machine's computing for a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">Threads, strategy, predictors.</param>
    /// <param name="firing">How many neurons are computed.</param>
    /// <param name="duration">How long to time; it warms up as long.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="NeuralinkException">The system does not give the memory for a few layers.</exception>
    public static ComputeSpeed Measure(PlannedModel model, EngineOptions options, FiringForecast firing, TimeSpan duration, TimeProvider time)
    {
        options.Validate();
        int neurons = (int)Math.Clamp(PredictedPerFiring(options.Predictor) * firing.FiringPerToken / firing.LayerCount, 1, model.Config.FfnSize);
        ComputeSpeed speed = ComputeProbe.Measure(model, options, options.ContextTokens ?? model.Config.ContextLength, neurons, duration, time);
        PredictorSources predictors = model.PredictorsOf(options);
        return speed with
        {
            PredictorMillis = speed.PredictorMillis * OfExact(options.Predictor, predictors.Main),
            LookaheadMillis = speed.LookaheadMillis * (predictors.Ahead is { } ahead ? OfExact(options.LookaheadPredictor, ahead) : 0),
        };

        // A low-rank predictor is two products, which take their bytes' share of the exact one's.
        double OfExact(PredictorOptions predictor, PredictorSource source) => predictor.Kind == PredictorKind.LowRank
            ? (double)source.RequiredBytes(1) / WeightFile.RequiredBytes(model.Config, model.Format, TensorPlace.Predictor)
            : 1;
    }

    /// <summary>The plan by the options' memory.</summary>
    /// <exception cref="NeuralinkException">The model does not fit; the message has the plan and the smallest budget that works.</exception>
    public GenerationPlan Plan(EngineOptions options)
    {
        options.Validate();
        MemoryPlan memory = _model.MemoryPlanOf(options);
        int layers = _model.Config.LayerCount, stride = _model.Layout.StrideBytes;
        // The engine reads nothing ahead by a lookahead that is mostly wrong.
        LookaheadQuality lookahead = Lookahead.Precision < options.LookaheadPrecisionMin ? Lookahead with { Found = 0 } : Lookahead;
        ReadForecast reads = ReadForecast.Play(_firing, _model.OrderOf, memory.Frames.CachedMax, stride, options, lookahead, _device);
        StrategySwitches strategy = StrategySwitches.Of(options.Strategy);
        double perFiring = PredictedPerFiring(options.Predictor), missedPerLayer = reads.Missed / layers * (1 + (strategy.ReadsAhead ? lookahead.VainShare : 0));
        TokenCosts costs = OfToken();
        TokenTime time = TokenTime.Of(strategy, costs);
        ReadSum all = default;
        for (int layer = 0; layer < reads.Demanded.Count; layer++)
        {
            ReadSum demanded = reads.Demanded[layer] * perFiring, ahead = reads.Ahead[layer] * perFiring;
            TokenCosts ofLayer = OfLayer(demanded, ahead);
            costs += ofLayer * reads.LayersEach;
            time += TokenTime.Of(strategy, ofLayer) * reads.LayersEach;
            all += (demanded + ahead) * reads.LayersEach;
        }
        return new GenerationPlan(
            memory, (double)memory.Frames.CachedMax / ((double)layers * _model.Config.FfnSize), reads.HitShare, all.Reads, all.Bundles * stride, costs, time,
            _speed.WarmUpMillis);

        TokenCosts OfToken() => s_nothing with
        {
            ResidentMillis = _speed.LogitsMillis,
            MessageMillis = TokenMessages * _speed.MessageMicros / 1000,
            HitShare = reads.HitShare,
            FoundShare = lookahead.Found,
        };

        TokenCosts OfLayer(ReadSum demanded, ReadSum ahead) => new()
        {
            ResidentMillis = _speed.AttentionMillis,
            PredictorMillis = _speed.PredictorMillis,
            LookaheadMillis = _speed.LookaheadMillis,
            ActivateMillis = _speed.ActivateMillis,
            DownMillis = _speed.DownMillis,
            MessageMillis = LayerMessages * _speed.MessageMicros / 1000,
            SubmitMillis = (((demanded.Reads + ahead.Reads) * SubmitMicros(options.Io)) + (perFiring * missedPerLayer * _speed.CheckMicros)) / 1000 / Environment.ProcessorCount,
            DemandedMillis = demanded.Millis,
            AheadMillis = ahead.Millis,
            // Where not every token reads, not every token waits.
            LatencyMillis = Math.Min(1, demanded.Reads) * (DeviceLatencyMicros + (DemandMessages * _speed.MessageMicros)) / 1000,
            HitShare = reads.HitShare,
            FoundShare = lookahead.Found,
        };
    }

    /// <summary>The smallest memory that works, in bytes of whole MiB.</summary>
    /// <exception cref="NeuralinkException">None does: a predictor is not there.</exception>
    public static long SmallestBytes(PlannedModel model, EngineOptions options)
    {
        const long MiB = 1 << 20;
        return (model.SmallestPlanOf(options).TotalBytes + MiB - 1) / MiB * MiB;
    }
}
