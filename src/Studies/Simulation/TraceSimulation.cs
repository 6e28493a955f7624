using Neuralink.Pipeline.Compute;
using Neuralink.Pipeline.Fetching;
using Neuralink.Pipeline.Metrics;
using Neuralink.Pipeline.Prediction;
using Neuralink.Pipeline.Residency;
using Neuralink.Placement;
using Neuralink.Placement.Caching;
using Neuralink.Placement.Cost;
using Neuralink.Placement.Reads;
using Neuralink.Placement.Traces;

namespace Neuralink.Studies.Simulation;

/// <summary>Which trace is played through which pipeline, over which device.</summary>
internal sealed record TraceSetup
{
    /// <summary>The trace of each layer, all of one width and length.</summary>
    public required IReadOnlyList<ActivationMatrix> Layers { get; init; }

    /// <summary>The order of each layer on flash.</summary>
    public required IReadOnlyList<Permutation> Orders { get; init; }

    public required StrategySwitches Strategy { get; init; }

    public required CacheLimits Limits { get; init; }

    public CacheOptions Policy { get; init; } = new();

    public required int StrideBytes { get; init; }

    /// <summary>The most bundles of a read.</summary>
    public required int ExtentSlotsMax { get; init; }

    /// <summary>The curve that reads are planned by.</summary>
    public required ReadCost PlannedCost { get; init; }

    /// <summary>What reads really take.</summary>
    public required DeviceTimes Device { get; init; }

    /// <summary>Says whether to read through gaps; null where that is always done as planned.</summary>
    public BottleneckDetector? Detector { get; init; }

    /// <summary>Whether reads take virtual time; otherwise it counts only which there are and what they cost.</summary>
    public bool IsTimed { get; init; } = true;

    public int QueueDepth { get; init; } = 1;

    /// <summary>What reads take of the processors.</summary>
    public ReadTicks ReadTicks { get; init; }

    public ComputeTicks ComputeTicks { get; init; }

    /// <summary>What a message takes that wakes another thread, in ticks.</summary>
    public long WakeTicks { get; init; }

    public LookaheadPlan Lookahead { get; init; } = LookaheadPlan.None;

    /// <summary>Of the missing neurons that lookahead names of a layer, the share that must be wanted for it to be read ahead.</summary>
    public double PrecisionMin { get; init; }

    /// <summary>Whether passes that look ahead are compared with others, and what is quicker is done.</summary>
    public bool TriesLookahead { get; init; }

    /// <summary>Makes who names what lookahead takes for active, given what the cache holds.</summary>
    public Func<CachePolicy, NameNeurons>? LookedAhead { get; init; }

    /// <summary>The same for the second look at a layer that is reached, where <see cref="Lookahead"/> has one.</summary>
    public Func<CachePolicy, NameNeurons>? LookedAgain { get; init; }

    /// <summary>Names what an approximate predictor predicts beyond what is active.</summary>
    public NameNeurons? PredictedToo { get; init; }

    /// <summary>Is told of each read that begins, and of the rows of the pass that runs.</summary>
    public Action<Range, ReadTicket>? Reading { get; init; }

    /// <summary>Is read from instead of the modelled device.</summary>
    public ISimulatedDevice? OtherDevice { get; init; }
}

/// <summary>
/// Plays an activation trace through the engine's own machines under a virtual clock: what is read, and how long it takes. The same setup
/// gives the same result every time.
/// </summary>
internal sealed class TraceSimulation
{
    private readonly VirtualTime _time = new();
    private readonly TraceModel _model;
    private readonly ModelledDevice _device;
    private readonly LayerCounters _counts;
    private readonly SimulatedPipeline _pipeline;
    private readonly LookaheadTrial? _trial;
    private readonly LayerCounters _before;      // when the pass began that runs
    private long _pass;
    private bool _isDone;

    public TraceSimulation(TraceSetup setup)
    {
        Check(setup);
        StrideBytes = setup.StrideBytes;
        NeuronKeys keys = new(setup.Layers.Count, setup.Layers[0].NeuronCount);
        _counts = new LayerCounters(keys.LayerCount);
        _before = new LayerCounters(keys.LayerCount);
        _trial = setup.TriesLookahead && setup.Strategy.ReadsAhead ? new LookaheadTrial() : null;
        CachePolicy policy = CachePolicies.Create(setup.Policy, keys.Count, setup.Limits.CachedMax, HottestOf(setup, keys));
        _device = new ModelledDevice(
            setup.Device, setup.StrideBytes, setup.ExtentSlotsMax, setup.QueueDepth, setup.ReadTicks, setup.IsTimed,
            read => setup.Reading?.Invoke(_model!.Rows, read));
        _model = new TraceModel(
            setup.Layers, setup.ComputeTicks, _device, _counts, setup.PredictedToo, setup.LookedAhead?.Invoke(policy),
            setup.LookedAgain?.Invoke(policy));
        _pipeline = new SimulatedPipeline(
            MachinesOf(setup, keys, policy), _time, _model, setup.OtherDevice ?? _device, _ => _isDone = true, Ended);
    }

    /// <summary>The virtual time, in ticks.</summary>
    public long Now => _time.Now;

    /// <summary>Bytes of a bundle.</summary>
    public int StrideBytes { get; }

    /// <summary>
    /// Tells of what is computed, for which layer, from when to when, and of each read the device's work; null tells nobody.
    /// </summary>
    public void Observe(Action<string, int, long, long>? computed, Action<ReadTicket, long, long>? served) =>
        (_pipeline.Computed, _device.Served) = (computed, served);

    /// <summary>Plays some rows of the trace as one pass after the other, with the cache as it is.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="rowsPerPass">Rows that go through the layers together; fewer in the last pass.</param>
    public SimulatedRun Play(Range rows, int rowsPerPass = 1)
    {
        (LayerCounters counts, SpentTicks spent) = (_counts.Snapshot(), _model.Spent);
        (double deviceMicros, long start) = (_device.BusyMicros, _time.Now);
        for (int row = rows.Start.Value; row < rows.End.Value; row += rowsPerPass)
            PlayPass(row..Math.Min(row + rowsPerPass, rows.End.Value));
        return new SimulatedRun(
            _counts.Since(counts), _time.Now - start, _model.Spent - spent, _device.BusyMicros - deviceMicros);
    }

    private void PlayPass(Range rows)
    {
        (int count, long start) = (rows.End.Value - rows.Start.Value, _time.Now);
        _before.CopyFrom(_counts);
        _model.Rows = rows;
        _isDone = false;
        _pipeline.Run(new PassId(++_pass), _trial?.Begin(count) ?? true);
        while (!_isDone)
            Invariant.Require(_pipeline.Step(), "a pass ends");
        _trial?.End(PassCost.Of(count, _counts, _before, (_time.Now - start) / ModelledDevice.TicksPerMicro));
    }

    private static void Ended(PassId pass, Exception? failure) => throw new InvalidOperationException($"{pass} ended early.", failure);

    /// <summary>As the engine has it: of a stream, the first neurons on flash of each layer stay.</summary>
    private static int[] HottestOf(TraceSetup setup, NeuronKeys keys)
    {
        if (!setup.Strategy.Streams)
            return [];
        IEnumerable<int> first =
            from slot in Enumerable.Range(0, keys.NeuronsPerLayer)
            from layer in Enumerable.Range(0, keys.LayerCount)
            select keys.Of(new LayerIndex(layer), setup.Orders[layer].NeuronAt(new Slot(slot))).Value;
        return [.. first.Take(setup.Limits.CachedMax)];
    }

    private static void Check(TraceSetup setup)
    {
        (int neurons, int tokens) = (setup.Layers[0].NeuronCount, setup.Layers[0].TokenCount);
        if (setup.Layers.Any(l => l.NeuronCount != neurons || l.TokenCount != tokens))
            throw new ArgumentException("Layers differ in neurons or tokens.", nameof(setup));
        if (setup.Orders.Count != setup.Layers.Count || setup.Orders.Any(o => o.Count != neurons))
            throw new ArgumentException($"{setup.Layers.Count} orders of {neurons} neurons expected.", nameof(setup));
    }

    private SimulationSetup MachinesOf(TraceSetup setup, NeuronKeys keys, CachePolicy policy) => new()
    {
        Keys = keys,
        Cache = new CacheState(setup.Limits, keys, policy, new LookaheadGate(keys.LayerCount, setup.PrecisionMin), _counts),
        Residency = new ResidencySetup
        {
            Limits = setup.Limits,
            Strategy = setup.Strategy,
            LayerCount = keys.LayerCount,
            PlacementOf = layer => setup.Orders[layer.Value],
        },
        Fetch = new FetchSetup
        {
            Planner = new ReadPlanner(setup.PlannedCost, setup.StrideBytes, setup.ExtentSlotsMax, keys.NeuronsPerLayer),
            Detector = setup.Detector,
            AttemptsMax = 1,
            QueueDepth = setup.QueueDepth,
            Counts = _counts,
            MicrosPerTick = 1 / ModelledDevice.TicksPerMicro,
        },
        Lookahead = setup.Lookahead,
        WakeTicks = setup.WakeTicks,
    };
}

/// <summary>What some passes did and took.</summary>
/// <param name="Counts">What the machines counted.</param>
/// <param name="Ticks">How long they took.</param>
/// <param name="Spent">Where Compute's time went.</param>
/// <param name="DeviceMicros">The device's work.</param>
internal sealed record SimulatedRun(LayerCounters Counts, long Ticks, SpentTicks Spent, double DeviceMicros);
