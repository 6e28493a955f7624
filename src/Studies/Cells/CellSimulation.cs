using System.Collections.Concurrent;
using Neuralink.Models.Configuration;
using Neuralink.Placement.Caching;
using Neuralink.Placement.Ordering;
using Neuralink.Placement.Traces;
using Neuralink.Storage.Devices;
using Neuralink.Studies.Computing;
using Neuralink.Studies.Devices;
using Neuralink.Studies.Planning;
using Neuralink.Studies.Simulation;
using Neuralink.Studies.Workloads;

namespace Neuralink.Studies.Cells;

/// <summary>
/// Runs cells under a virtual clock: the engine's machines with the cell's options play the model's activity, on the cell's device and
/// processor. The same cell gives the same result every time, but for computing timed on this machine.
/// </summary>
/// <param name="workloads">The models' activity.</param>
/// <param name="thisDevice">The disk of a model, for cells that name it.</param>
/// <param name="time">The clock by which this machine's kernels are timed.</param>
internal sealed class CellSimulation(StudyWorkloads workloads, Func<string, DeviceModel> thisDevice, TimeProvider time) : ICellRunner
{
    private static readonly TimeSpan s_timing = TimeSpan.FromMilliseconds(400);

    // Of a stream every token is like the other.
    private const int StreamTokens = 4;

    private readonly ConcurrentDictionary<string, ComputeSpeed> _measured = new(StringComparer.Ordinal);
    private readonly Lock _timing = new();

    public CellResult Run(StudyCell cell, CancellationToken cancellation)
    {
        StudyWorkload workload = workloads.Of(cell);
        DeviceModel device = cell.Device == DeviceModels.This ? thisDevice(cell.Model) : DeviceModels.Find(cell.Device);
        EngineSimulation engine = EngineOf(cell, workload, device);
        int tokens = StrategySwitches.Of(cell.Strategy).Streams
            ? StreamTokens
            : Math.Min(cell.Tokens, engine.Active.Layers[0].TokenCount / 2);
        SimulatedTokens played = new(engine);
        played.Play(0..tokens, cancellation);
        return played.Count(tokens..(2 * tokens), cancellation);
    }

    private EngineSimulation EngineOf(StudyCell cell, StudyWorkload workload, DeviceModel device)
    {
        PlannedModel model = workload.Model;
        StrategySwitches strategy = StrategySwitches.Of(cell.Strategy);
        long ffnBytes = (long)model.Config.FfnCount * model.Config.FfnSize * model.Layout.StrideBytes;
        int inFlight = cell.QueueDepth ?? device.AdvisedDepth;
        if (cell.ReadsMatrices)
            device = device.ReadInParts(model.Config.Gated ? 3 : 2, inFlight);
        DeviceTimes times = new(device.CostOf(ffnBytes, cell.Readers), device.Latency, device.QueueDepth);
        EngineOptions options = OptionsOf(cell, inFlight, times);
        options.Validate();
        ActivationForecast active = workload.TextOf(cell.Text);
        double named = cell.PredictedPerActive ?? 1;
        if (strategy.Streams)
            active = active with { Layers = [.. active.Layers.Select(layer => Everything(layer.NeuronCount))] };
        int neurons = (int)Math.Clamp(named * active.ActivePerToken / active.LayerCount, 1, model.Config.FfnSize);
        return new EngineSimulation
        {
            Options = options,
            Frames = model.MemoryPlanOf(options).Frames,
            StrideBytes = model.Layout.StrideBytes,
            Active = active,
            Orders = workload.OrderOf(cell.Placement ?? OwnOrderOf(strategy), times.Cost, cell.Device),
            Speed = SpeedOf(cell, model, options, active, neurons),
            ComputeScale = cell.ComputeScale,
            Device = times,
            SubmitMicros = device.SubmitMicros ?? GenerationPlanner.SubmitMicros(options.Io),
            LooksAgain = PredictorSource.LooksAgain(options, model.Config),
            Lookahead = QualityOf(cell, options, model.Config),
            PredictedPerActive = strategy.Streams ? 1 : named,
            Processors = cell.Computing == ComputeModels.This ? Environment.ProcessorCount : ComputeModels.Find(cell.Computing).Processors,
        };
    }

    // A stream computes neurons by their ids, and what lies in another order it would have to read here and there.
    private static PlacementMethod? OwnOrderOf(StrategySwitches strategy) =>
        strategy.Streams ? PlacementMethod.Identity : strategy.Order;

    private static EngineOptions OptionsOf(StudyCell cell, int inFlight, DeviceTimes times) => new()
    {
        Strategy = cell.Strategy,
        Cache = CacheSize.OfShare(cell.CacheShare),
        CachePolicy = cell.CachePolicy is { } policy ? CacheOptions.Of(policy) : null,
        QueueDepth = inFlight,
        Io = cell.Readers == 1 ? FlashAccess.Uring : FlashAccess.Direct,      // by one thread, or by one for each read in flight
        LookaheadLayers = cell.LookaheadLayers,
        Lookahead = new PredictorOptions { Kind = PredictorKind.Sketch },
        CollapseGapBytes = cell.CollapseGapBytes,
        ReadCost = times.Cost,
    };

    private ComputeSpeed SpeedOf(StudyCell cell, PlannedModel model, EngineOptions options, ActivationForecast active, int neurons)
    {
        if (cell.Computing != ComputeModels.This)
            return ComputeModels.Find(cell.Computing).SpeedOf(model.Config, neurons);
        string key = $"{cell.Model} {neurons} {StrategySwitches.Of(cell.Strategy).ReadsAhead}";
        // Timed one after the other: they would disturb each other.
        lock (_timing)
            return _measured.GetOrAdd(key, _ => GenerationPlanner.Measure(model, options, active, s_timing, time));
    }

    private static LookaheadQuality QualityOf(StudyCell cell, EngineOptions options, ModelConfig config)
    {
        LookaheadQuality assumed = LookaheadQuality.Assume(options.Lookahead!, cell.LookaheadLayers, config.LayerCount);
        return new LookaheadQuality(
            cell.LookaheadRecall ?? assumed.Found, cell.LookaheadPrecision ?? assumed.Precision,
            IsMeasured: cell.LookaheadRecall is not null && cell.LookaheadPrecision is not null);
    }

    private static ActivationMatrix Everything(int neurons)
    {
        int rowWords = ActivationMatrix.WordsPerTokenOf(neurons);
        ulong[] words = new ulong[2 * StreamTokens * rowWords];
        for (int neuron = 0; neuron < neurons; neuron++)
        {
            for (int token = 0; token < 2 * StreamTokens; token++)
                words[(token * rowWords) + (neuron / 64)] |= 1UL << (neuron % 64);
        }
        return new ActivationMatrix(neurons, words);
    }
}
