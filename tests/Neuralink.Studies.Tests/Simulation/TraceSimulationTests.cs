using Neuralink.Pipeline.Metrics;
using Neuralink.Pipeline.Residency;
using Neuralink.Placement;
using Neuralink.Placement.Caching;
using Neuralink.Placement.Cost;
using Neuralink.Placement.Traces;
using Neuralink.Studies.Devices;
using Neuralink.Studies.Simulation;
using Neuralink.Tests.Support;

namespace Neuralink.Studies.Tests.Simulation;

/// <summary>A trace that is played through the machines reads and takes what can be told by hand.</summary>
public sealed class TraceSimulationTests
{
    private const int Neurons = 70;
    private const int Layers = 3;

    [Fact]
    public void What_fits_is_read_once()
    {
        ActivationMatrix[] layers = Trace(seed: 2);
        TraceSetup setup = Setup(layers, Orders(seed: 2), cached: Layers * Neurons) with { Policy = CacheOptions.Of(CachePolicyKind.Lru) };
        LayerCounters counts = new TraceSimulation(setup).Play(0..40).Counts;
        counts[Counter.DemandMisses].Should().Be(layers.Sum(layer => layer.Frequencies().Count(f => f > 0)));
        (counts[Counter.CacheHits] + counts[Counter.DemandMisses]).Should().Be(layers.Sum(layer => layer.ActiveCount()));
    }

    [Fact]
    public void A_part_and_the_rest_are_the_whole()
    {
        TraceSetup setup = Setup(Trace(seed: 3), Orders(seed: 3), cached: 60) with { Policy = CacheOptions.Of(CachePolicyKind.S3Fifo) };
        SimulatedRun whole = new TraceSimulation(setup).Play(0..40);
        TraceSimulation parts = new(setup);
        SimulatedRun first = parts.Play(0..13), second = parts.Play(13..40);
        (first.Ticks + second.Ticks).Should().Be(whole.Ticks);
        foreach (Counter counter in Enum.GetValues<Counter>())
            (first.Counts[counter] + second.Counts[counter]).Should().Be(whole.Counts[counter]);
        whole.Counts[Counter.CacheHits].Should().BePositive();
    }

    [Fact]
    public void Tokens_end_so_that_windows_expire()
    {
        ActivationMatrix active = ActivationMatrix.FromLists(10, [[1], [2], [3], [1], [1], [3]]);
        TraceSetup setup = Setup([active], [Permutation.Identity(10)], cached: 10) with
        {
            Policy = CacheOptions.Of(CachePolicyKind.Window) with { WindowTokens = 2 },
        };
        new TraceSimulation(setup).Play(0..6).Counts[Counter.CacheHits].Should().Be(1, "only the fifth token wants what is in its window");
    }

    [Fact]
    public void Rows_of_a_pass_are_read_together()
    {
        ActivationMatrix active = ActivationMatrix.FromLists(10, [[1, 4], [1, 7], [2]]);
        TraceSimulation simulation = new(Setup([active], [Permutation.Identity(10)], cached: 0));
        simulation.Play(0..3, rowsPerPass: 2).Counts[Counter.DemandMisses].Should().Be(4, "1, 4 and 7, and then 2");
    }

    // Two layers of ten neurons in one read of 20 + 40.96 us, one read at a time.
    [Fact]
    public void Serially_a_token_takes_its_computing_and_its_reads()
    {
        ActivationMatrix active = ActivationMatrix.FromLists(70, [.. Enumerable.Repeat(Enumerable.Range(0, 10).ToArray(), 5)]);
        TraceSetup setup = Setup([active, active], [Permutation.Identity(70), Permutation.Identity(70)], cached: 0) with
        {
            ComputeTicks = new ComputeTicks { Attention = 1000, Predictor = 100, ActivateNeuron = 10, DownNeuron = 1 },
            Device = new DeviceTimes(ReadCost.Default, new ReadLatency(50)),
            ReadTicks = new ReadTicks { CheckBundle = 20 },
            WakeTicks = 5,
        };
        SimulatedRun run = new TraceSimulation(setup).Play(0..5);
        const long Reading = 60_960, Wakes = 3 * 5, Checks = 200;
        run.Ticks.Should().Be(5 * 2 * (1000 + 100 + 100 + 10 + Reading + 50_000 + Wakes + Checks));
        run.Spent.Wait.Should().Be(5 * 2 * (Reading + 50_000 + Wakes + Checks));
        run.DeviceMicros.Should().BeApproximately(5 * 2 * 60.96, 1e-6);
    }

    [Fact]
    public void What_does_not_match_is_refused()
    {
        ActivationMatrix[] layers = Trace(seed: 4);
        Permutation[] orders = Orders(seed: 4);
        Action fewOrders = () => _ = new TraceSimulation(Setup(layers, orders[..2], cached: 0));
        fewOrders.Should().Throw<ArgumentException>().WithMessage("3 orders of 70 neurons expected.*");
        Action otherWidth = () => _ = new TraceSimulation(Setup([.. layers, new ActivationMatrix(71, [])], orders, cached: 0));
        otherWidth.Should().Throw<ArgumentException>().WithMessage("Layers differ in neurons or tokens.*");
    }

    private static TraceSetup Setup(ActivationMatrix[] layers, Permutation[] orders, int cached) => new()
    {
        Layers = layers,
        Orders = orders,
        Strategy = StrategySwitches.Of(ExecutionStrategy.Serial),
        Limits = new CacheLimits(cached, LeasedMax: layers[0].NeuronCount, PrefetchedMax: 0),
        StrideBytes = 4096,
        ExtentSlotsMax = 64,
        PlannedCost = ReadCost.Default,
        Device = new DeviceTimes(ReadCost.Default),
    };

    private static ActivationMatrix[] Trace(int seed) =>
        [.. Enumerable.Range(0, Layers).Select(layer => RandomTrace.Create(Neurons, tokens: 40, (seed * Layers) + layer))];

    private static Permutation[] Orders(int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, Layers).Select(_ => Shuffled(random))];
    }

    private static Permutation Shuffled(Random random)
    {
        int[] order = [.. Enumerable.Range(0, Neurons)];
        random.Shuffle(order);
        return Permutation.Of(order);
    }
}
