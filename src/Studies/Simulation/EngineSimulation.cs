using Neuralink.Pipeline.Prediction;
using Neuralink.Pipeline.Residency;
using Neuralink.Placement;
using Neuralink.Placement.Reads;
using Neuralink.Studies.Planning;

namespace Neuralink.Studies.Simulation;

/// <summary>
/// An engine with its options, simulated: the tokens of a forecast go one after the other through its machines. Where only some layers are
/// played, each stands for as many as there are more, and the cache is as much smaller.
/// </summary>
internal sealed record EngineSimulation
{
    /// <summary>The engine's options.</summary>
    public required EngineOptions Options { get; init; }

    /// <summary>How its frames are shared out, for all layers.</summary>
    public required CacheLimits Frames { get; init; }

    /// <summary>Bytes of a bundle on flash.</summary>
    public required int StrideBytes { get; init; }

    /// <summary>Which neurons are active.</summary>
    public required ActivationForecast Active { get; init; }

    /// <summary>The order on flash of each layer that is played.</summary>
    public required IReadOnlyList<Permutation> Orders { get; init; }

    /// <summary>What computing takes.</summary>
    public required ComputeSpeed Speed { get; init; }

    /// <summary>What computing is multiplied by.</summary>
    public double ComputeScale { get; init; } = 1;

    /// <summary>What reads really take.</summary>
    public required DeviceTimes Device { get; init; }

    /// <summary>Of submitting a read, processor time in microseconds.</summary>
    public required double SubmitMicros { get; init; }

    /// <summary>How good reading ahead is.</summary>
    public required LookaheadQuality Lookahead { get; init; }

    /// <summary>Whether a predictor made for the distance looks ahead, which has nothing to go by before the first layer.</summary>
    public bool LooksAheadFirst { get; init; } = true;

    /// <summary>Whether a layer that is reached is looked at a second time before it is predicted.</summary>
    public bool LooksAgain { get; init; }

    /// <summary>Neurons that the predictor names for one that is active.</summary>
    public required double PredictedPerActive { get; init; }

    /// <summary>Processors that compute and submit reads.</summary>
    public int Processors { get; init; } = Environment.ProcessorCount;

    /// <summary>Layers that each played one stands for.</summary>
    public double LayersEach => (double)Active.LayerCount / Active.Layers.Count;

    /// <summary>Milliseconds a token of a played time.</summary>
    public double MillisOf(double ticks, int tokens) => ticks * LayersEach / tokens / (1000 * ModelledDevice.TicksPerMicro);

    /// <summary>A simulation with an empty cache.</summary>
    public TraceSimulation Begin()
    {
        int layers = Active.Layers.Count;
        ChanceNeurons chance = new(Active.Layers, seed: 1);
        double vain = PredictedPerActive - 1;
        return new TraceSimulation(new TraceSetup
        {
            Layers = Active.Layers,
            Orders = Orders,
            Strategy = StrategySwitches.Of(Options.Strategy),
            Limits = Frames with { CachedMax = (int)((long)Frames.CachedMax * layers / Active.LayerCount) },
            Policy = Options.Policy,
            StrideBytes = StrideBytes,
            ExtentSlotsMax = Options.ExtentSlotsMax(StrideBytes),
            PlannedCost = Options.PlannedReadCost,
            Device = Device,
            Detector = Options.FixedGapBytes is null ? new BottleneckDetector(Options.ReadCost.BytesPerMicroMax) : null,
            QueueDepth = Options.QueueDepth,
            ReadTicks = new ReadTicks { Submit = Ticks(SubmitMicros), CheckBundle = Ticks(ComputeScale * Speed.CheckMicros) },
            ComputeTicks = ComputeTicksOf(),
            WakeTicks = Ticks(Speed.MessageMicros),
            Lookahead = LookaheadPlanOf(layers),
            PrecisionMin = Options.LookaheadPrecisionMin,
            TriesLookahead = Options.TriesLookahead,
            LookedAhead = cached => (rows, layer, marks) => chance.LookAhead(rows.Start.Value, layer, Lookahead, cached, marks),
            LookedAgain = cached => (rows, layer, marks) =>
                chance.LookAhead(rows.Start.Value, layer, LookaheadQuality.OfSecondLook, cached, marks),
            PredictedToo = vain > 0 ? (rows, layer, marks) => chance.AddVain(rows.Start.Value, layer, vain, marks) : null,
        });
    }

    private ComputeTicks ComputeTicksOf() => new()
    {
        Attention = Ticks(1000 * ComputeScale * Speed.AttentionMillis),
        Predictor = Ticks(1000 * ComputeScale * Speed.PredictorMillis),
        Lookahead = Ticks(1000 * ComputeScale * Speed.LookaheadMillis),
        ActivateNeuron = 1000 * ModelledDevice.TicksPerMicro * ComputeScale * Speed.ActivateMillis / Speed.Neurons,
        DownNeuron = 1000 * ModelledDevice.TicksPerMicro * ComputeScale * Speed.DownMillis / Speed.Neurons,
        Logits = Ticks(1000 * ComputeScale * Speed.LogitsMillis / LayersEach),
        Processors = Processors,
    };

    private LookaheadPlan LookaheadPlanOf(int layers)
    {
        if (!StrategySwitches.Of(Options.Strategy).ReadsAhead)
            return LookaheadPlan.None;
        int distance = Options.LookaheadLayers;
        int firstCount = LooksAheadFirst ? Math.Min(distance, layers) : 0;
        return new LookaheadPlan(layers, distance, firstCount, covers: _ => true, LooksAgain);
    }

    private static long Ticks(double micros) => (long)(micros * ModelledDevice.TicksPerMicro);
}
