using Neuralink.Pipeline.Metrics;
using Neuralink.Pipeline.Prediction;
using Neuralink.Placement.Cost;
using Neuralink.Placement.Reads;
using Neuralink.Studies.Simulation;

namespace Neuralink.Studies.Planning;

/// <summary>
/// Plays the tokens of a forecast, one after the other, through the engine's machines with the engine's options, on a modelled device and
/// with the computing that was timed. Where only some layers are played, each stands for as many as there are more.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="active">Which neurons are active.</param>
/// <param name="speed">What computing takes.</param>
/// <param name="device">What reads take.</param>
/// <param name="lookahead">How good reading ahead is.</param>
internal sealed class GenerationSimulation(
    PlannedModel model, ActivationForecast active, ComputeSpeed speed, ReadCost device, LookaheadQuality lookahead)
{
    // The prompt of a short text: the cache is cold until then.
    private const int WarmUpPart = 8;

    private const double TicksPerMilli = 1000 * ModelledDevice.TicksPerMicro;

    /// <summary>Plays the tokens from an empty cache, and takes the mean of all but the first eighth of them.</summary>
    public GenerationPlan Run(MemoryPlan memory, EngineOptions options)
    {
        int tokens = active.Layers[0].TokenCount, warmUp = tokens / WarmUpPart;
        TraceSimulation simulation = new(SetupOf(memory, options));
        simulation.Play(0..warmUp);
        SimulatedRun run = simulation.Play(warmUp..tokens);
        double layersEach = (double)active.LayerCount / active.Layers.Count, each = layersEach / (tokens - warmUp);
        LayerCounters counts = run.Counts;
        return new GenerationPlan
        {
            Memory = memory,
            CachedShare = memory.Frames.CachedMax / ((double)active.LayerCount * model.Config.FfnSize),
            HitShare = counts[Counter.Wanted] == 0 ? 0 : (double)counts[Counter.CacheHits] / counts[Counter.Wanted],
            ReadsPerToken = counts[Counter.Reads] * each,
            BytesPerToken = counts[Counter.BytesRead] * each,
            Time = new TokenTime
            {
                TotalMillis = Millis(run.Ticks) + speed.LogitsMillis,
                ResidentMillis = Millis(run.Spent.Attention) + speed.LogitsMillis,
                PredictorMillis = Millis(run.Spent.Predictor),
                LookaheadMillis = Millis(run.Spent.Lookahead),
                FfnMillis = Millis(run.Spent.Activate + run.Spent.Down),
                WaitMillis = Millis(run.Spent.Wait),
                DeviceMillis = run.DeviceMicros * each / 1000,
            },
            WarmUpMillis = speed.WarmUpMillis,
        };

        double Millis(long ticks) => ticks * each / TicksPerMilli;
    }

    private TraceSetup SetupOf(MemoryPlan memory, EngineOptions options)
    {
        int layers = active.Layers.Count, stride = model.Layout.StrideBytes;
        ChanceNeurons chance = new(active.Layers, seed: 1);
        double vain = GenerationPlanner.PredictedPerActive(options.Predictor) - 1;
        return new TraceSetup
        {
            Layers = active.Layers,
            Orders = [.. active.LayerIndices.Select(model.OrderOf)],
            Strategy = StrategySwitches.Of(options.Strategy),
            Limits = memory.Frames with { CachedMax = (int)((long)memory.Frames.CachedMax * layers / active.LayerCount) },
            Policy = options.Policy,
            StrideBytes = stride,
            ExtentSlotsMax = options.ExtentSlotsMax(stride),
            PlannedCost = options.PlannedReadCost,
            DeviceCost = device,
            Detector = options.FixedGapBytes is null ? new BottleneckDetector(options.ReadCost.BytesPerMicroMax) : null,
            QueueDepth = options.QueueDepth,
            ReadTicks = new ReadTicks
            {
                Latency = Ticks(GenerationPlanner.DeviceLatencyMicros),
                Submit = Ticks(GenerationPlanner.SubmitMicros(options.Io)),
                CheckBundle = Ticks(speed.CheckMicros),
            },
            ComputeTicks = new ComputeTicks
            {
                Attention = Ticks(1000 * speed.AttentionMillis),
                Predictor = Ticks(1000 * speed.PredictorMillis),
                Lookahead = Ticks(1000 * speed.LookaheadMillis),
                ActivateNeuron = TicksPerMilli * speed.ActivateMillis / speed.Neurons,
                DownNeuron = TicksPerMilli * speed.DownMillis / speed.Neurons,
                Processors = Environment.ProcessorCount,
            },
            WakeTicks = Ticks(speed.MessageMicros),
            Lookahead = LookaheadPlanOf(options, layers),
            PrecisionMin = options.LookaheadPrecisionMin,
            LookedAhead = cached => (rows, layer, marks) => chance.LookAhead(rows.Start.Value, layer, lookahead, cached, marks),
            PredictedToo = vain > 0 ? (rows, layer, marks) => chance.AddVain(rows.Start.Value, layer, vain, marks) : null,
        };
    }

    /// <summary>As the engine has it: a predictor made for a distance has nothing to go by before the first layer.</summary>
    private LookaheadPlan LookaheadPlanOf(EngineOptions options, int layers)
    {
        if (model.PredictorsOf(options).Ahead is not { } ahead)
            return LookaheadPlan.None;
        int distance = options.LookaheadLayers;
        return new LookaheadPlan(layers, distance, firstCount: ahead.Depth > 0 ? 0 : Math.Min(distance, layers), covers: _ => true);
    }

    private static long Ticks(double micros) => (long)(micros * ModelledDevice.TicksPerMicro);
}
