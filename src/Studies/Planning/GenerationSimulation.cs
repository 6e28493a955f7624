using Neuralink.Pipeline.Metrics;
using Neuralink.Placement.Cost;
using Neuralink.Studies.Devices;
using Neuralink.Studies.Simulation;

namespace Neuralink.Studies.Planning;

/// <summary>
/// Plays the tokens of a forecast through the engine's machines with the engine's options, on a modelled device and with the computing
/// that was timed.
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

    /// <summary>Plays the tokens from an empty cache, and takes the mean of all but the first eighth of them.</summary>
    public GenerationPlan Run(MemoryPlan memory, EngineOptions options)
    {
        int tokens = active.Layers[0].TokenCount, warmUp = tokens / WarmUpPart;
        EngineSimulation engine = SimulationOf(memory, options);
        TraceSimulation simulation = engine.Begin();
        long coldTicks = simulation.Play(0..warmUp).Ticks;
        SimulatedRun run = simulation.Play(warmUp..tokens);
        double each = engine.LayersEach / (tokens - warmUp);
        LayerCounters counts = run.Counts;
        return new GenerationPlan
        {
            Memory = memory,
            CachedShare = memory.Frames.CachedMax / ((double)active.LayerCount * model.Config.FfnSize),
            HitShare = counts[Counter.Wanted] == 0 ? 0 : (double)counts[Counter.CacheHits] / counts[Counter.Wanted],
            LookaheadShare = (double)counts[Counter.LookaheadTokens] / ((tokens - warmUp) * active.Layers.Count),
            ReadsPerToken = counts[Counter.Reads] * each,
            BytesPerToken = counts[Counter.BytesRead] * each,
            Time = new TokenTime
            {
                TotalMillis = Millis(run.Ticks),
                ResidentMillis = Millis(run.Spent.Attention + run.Spent.Logits),
                PredictorMillis = Millis(run.Spent.Predictor),
                LookaheadMillis = Millis(run.Spent.Lookahead),
                FfnMillis = Millis(run.Spent.Activate + run.Spent.Down),
                WaitMillis = Millis(run.Spent.Wait),
                DeviceMillis = run.DeviceMicros * each / 1000,
            },
            WarmUpMillis = speed.WarmUpMillis + Math.Max(0, engine.MillisOf(coldTicks, 1) - (warmUp * Millis(run.Ticks))),
        };

        double Millis(long ticks) => engine.MillisOf(ticks, tokens - warmUp);
    }

    private EngineSimulation SimulationOf(MemoryPlan memory, EngineOptions options) => new()
    {
        Options = options,
        Frames = memory.Frames,
        StrideBytes = model.Layout.StrideBytes,
        Active = active,
        Orders = [.. active.LayerIndices.Select(model.OrderOf)],
        Speed = speed,
        Device = new DeviceTimes(device, new ReadLatency(GenerationPlanner.DeviceLatencyMicros)),
        SubmitMicros = GenerationPlanner.SubmitMicros(options.Io),
        Lookahead = lookahead,
        LooksAgain = PredictorSource.LooksAgain(options, model.Config),
        LooksAheadFirst = model.PredictorsOf(options).Ahead is not { Depth: > 0 },
        PredictedPerActive = GenerationPlanner.PredictedPerActive(options.Predictor),
    };
}
