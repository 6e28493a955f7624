using FsCheck;
using FsCheck.Fluent;
using Neuralink.Pipeline.Prediction;
using Neuralink.Pipeline.Residency;
using Neuralink.Placement;
using Neuralink.Placement.Caching;
using Neuralink.Placement.Cost;
using Neuralink.Placement.Reads;
using Neuralink.Placement.Traces;
using Neuralink.Studies.Planning;
using Neuralink.Studies.Simulation;
using Neuralink.Tests.Support;

namespace Neuralink.Studies.Tests.Simulation;

/// <summary>What holds of every simulation, whatever the model, the device, the cache and the strategy.</summary>
public sealed class SimulationInvariantsTests
{
    private static readonly ExecutionStrategy[] s_strategies =
        [ExecutionStrategy.Serial, ExecutionStrategy.Cluster, ExecutionStrategy.Prefetch, ExecutionStrategy.PrefetchCluster];

    private readonly List<(long Start, long End)> _served = [];
    private readonly List<(long Start, long End)> _computed = [];

    [Fact]
    public void Time_never_goes_back_and_no_read_overtakes_its_queue() => ForAll(seed =>
    {
        Play(SetupOf(seed));
        InOrder(_served);
        InOrder(_computed);
    });

    [Fact]
    public void A_run_takes_at_least_what_computing_or_the_device_takes_and_at_most_both() => ForAll(seed =>
    {
        SimulatedRun run = Play(SetupOf(seed));
        long computing = run.Spent.Working, device = _served.Sum(read => read.End - read.Start);
        // What is read ahead in vain may still be read when the last token is there.
        long before = _served.Sum(read => Math.Max(0, Math.Min(read.End, run.Ticks) - read.Start));
        run.Ticks.Should().BeGreaterThanOrEqualTo(Math.Max(computing, before)).And.BeLessThanOrEqualTo(computing + device);
        (run.Spent.Wait + computing).Should().Be(run.Ticks, "no time is lost between the two");
        run.Spent.Wait.Should().BeLessThanOrEqualTo(device);
    });

    [Fact]
    public void More_bandwidth_is_never_slower() => ForAll(seed =>
    {
        // Faster, other reads are on their way when a layer comes to want some. One of them may be in front that was not before.
        TraceSetup slow = SetupOf(seed) with { Detector = null };
        TraceSetup fast = slow with { Device = slow.Device with { Cost = Faster(slow.Device.Cost) } };
        bool readsAhead = slow.Strategy.ReadsAhead;
        long slack = readsAhead ? (long)(slow.Device.Cost.MicrosOf(64 * slow.StrideBytes) * 1000) : 0;
        long ticks = Play(slow).Ticks;
        Play(fast).Ticks.Should().BeLessThanOrEqualTo(ticks + slack);
    });

    private static void ForAll(Action<int> holds) =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), holds).QuickCheckThrowOnFailure();

    private SimulatedRun Play(TraceSetup setup)
    {
        _served.Clear();
        _computed.Clear();
        TraceSimulation simulation = new(setup);
        simulation.Observe((_, _, start, end) => _computed.Add((start, end)), (_, start, end) => _served.Add((start, end)));
        return simulation.Play(0..setup.Layers[0].TokenCount);
    }

    private static void InOrder(List<(long Start, long End)> spans)
    {
        long end = 0;
        foreach ((long start, long next) in spans)
        {
            start.Should().BeGreaterThanOrEqualTo(end);
            next.Should().BeGreaterThanOrEqualTo(start);
            end = next;
        }
    }

    private static ReadCost Faster(ReadCost cost) => new([.. cost.Points.Select(p => p with { Micros = p.Micros * 0.7 })]);

    /// <summary>Everything that may differ, drawn by a seed.</summary>
    private static TraceSetup SetupOf(int seed)
    {
        Random random = new(seed);
        int neurons = random.Next(1, 150), layers = random.Next(1, 5), tokens = random.Next(1, 12), stride = 512 << random.Next(5);
        ActivationMatrix[] rows =
            [.. Enumerable.Range(0, layers).Select(i => RandomTrace.Create(neurons, tokens, (seed * 5) + i, random.NextDouble() / 2))];
        StrategySwitches strategy = StrategySwitches.Of(s_strategies[random.Next(s_strategies.Length)]);
        ReadCost cost = ReadCost.Linear(random.Next(1, 300), random.Next(10, 5000));
        ChanceNeurons chance = new(rows, (ulong)(uint)seed);
        LookaheadQuality quality = new(random.NextDouble(), 0.1 + (0.9 * random.NextDouble()), IsMeasured: true);
        return new TraceSetup
        {
            Layers = rows,
            Orders = [.. Enumerable.Repeat(Permutation.Identity(neurons), layers)],
            Strategy = strategy,
            Limits = new CacheLimits(
                random.Next(layers * neurons), random.Next(1, neurons + 1), strategy.StagesAhead ? random.Next(neurons) : 0),
            Policy = CacheOptions.Of((CachePolicyKind)random.Next(5)),
            StrideBytes = stride,
            ExtentSlotsMax = random.Next(1, 64),
            PlannedCost = cost,
            Device = new DeviceTimes(cost),
            Detector = random.Next(2) == 0 ? null : new BottleneckDetector(cost.BytesPerMicroMax),
            QueueDepth = random.Next(1, 40),
            ComputeTicks = new ComputeTicks
            {
                Attention = random.Next(200_000),
                Predictor = random.Next(100_000),
                Lookahead = random.Next(100_000),
                ActivateNeuron = random.Next(5000),
                DownNeuron = random.Next(5000),
                Logits = random.Next(100_000),
            },
            Lookahead = strategy.ReadsAhead
                ? new LookaheadPlan(layers, 1, random.Next(2), covers: _ => true)
                : LookaheadPlan.None,
            PrecisionMin = random.NextDouble(),
            LookedAhead = cached => (range, layer, marks) => chance.LookAhead(range.Start.Value, layer, quality, cached, marks),
        };
    }
}
