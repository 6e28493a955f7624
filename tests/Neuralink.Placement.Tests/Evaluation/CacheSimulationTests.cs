using Neuralink.Placement.Caching;
using Neuralink.Placement.Evaluation;
using Neuralink.Placement.Tests.Traces;
using Neuralink.Placement.Traces;
using Neuralink.Tests.Support;

namespace Neuralink.Placement.Tests.Evaluation;

public sealed class CacheSimulationTests
{
    private const int Neurons = 70;
    private const int Layers = 3;

    private static readonly EvaluationSetup s_setup = new() { StrideBytes = 4096 };

    [Fact]
    public void Without_a_cache_it_is_the_evaluation_of_each_layer_s_order()
    {
        FiringMatrix[] layers = Trace(seed: 1);
        Permutation[] orders = Orders(seed: 1);
        CacheTotals totals = new CacheSimulation(layers, orders, new NonePolicy(Layers * Neurons, 0), s_setup).Play(40);
        ReadTotals expected = default;
        for (int layer = 0; layer < Layers; layer++)
            expected += OrderEvaluation.Of(layers[layer], orders[layer], s_setup);
        totals.Should().Be(new CacheTotals(0, expected with { Micros = totals.Read.Micros }));
        totals.Read.Micros.Should().BeApproximately(expected.Micros, 1e-6);
    }

    [Fact]
    public void What_fits_is_read_once()
    {
        FiringMatrix[] layers = Trace(seed: 2);
        LruPolicy all = new(Layers * Neurons, Layers * Neurons);
        CacheTotals totals = new CacheSimulation(layers, Orders(seed: 2), all, s_setup).Play(40);
        totals.Misses.Should().Be(layers.Sum(layer => layer.Frequencies().Count(f => f > 0)));
        (totals.Hits + totals.Misses).Should().Be(layers.Sum(layer => layer.FiringCount()));
        totals.HitShare.Should().Be((double)totals.Hits / layers.Sum(layer => layer.FiringCount()));
    }

    [Fact]
    public void A_part_and_the_rest_are_the_whole()
    {
        FiringMatrix[] layers = Trace(seed: 3);
        CacheTotals whole = Simulation().Play(40);
        CacheSimulation parts = Simulation();
        CacheTotals sum = parts.Play(13) + parts.Play(27);
        sum.Should().Be(whole with { Read = whole.Read with { Micros = sum.Read.Micros } });
        whole.Hits.Should().BePositive();

        CacheSimulation Simulation() =>
            new(layers, Orders(seed: 3), new S3FifoPolicy(Layers * Neurons, 60, new CacheOptions()), s_setup);
    }

    // The neurons 0 to 9 lie in reverse order. Each token fires 1, 2 and 3, a segment of three, and 7, a segment of one.
    [Fact]
    public void The_policy_is_told_how_long_each_segment_is_that_was_read()
    {
        FiringMatrix firing = FiringMatrix.FromLists(10, [[1, 2, 3, 7], [1, 2, 3, 7], [1, 2, 3, 7]]);
        Permutation order = Permutation.Of([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
        SegmentPolicy policy = new(20);
        new CacheSimulation([firing, firing], [order, order], policy, s_setup).Play(2);
        policy.Inserted.Should().Equal(
            (1, 3), (2, 3), (3, 3), (7, 1), (11, 3), (12, 3), (13, 3), (17, 1),
            (1, 3), (2, 3), (3, 3), (7, 1), (11, 3), (12, 3), (13, 3), (17, 1));
    }

    [Fact]
    public void Tokens_end_so_that_windows_expire()
    {
        FiringMatrix firing = FiringMatrix.FromLists(10, [[1], [2], [3], [1], [1], [3]]);
        WindowPolicy window = new(10, 10, windowTokens: 2);
        CacheTotals totals = new CacheSimulation([firing], [Permutation.Identity(10)], window, s_setup).Play(6);
        totals.Hits.Should().Be(1, "only the fifth token wants what the two before it used");
    }

    [Fact]
    public void What_does_not_match_is_refused()
    {
        FiringMatrix[] layers = Trace(seed: 4);
        Permutation[] orders = Orders(seed: 4);
        NonePolicy none = new(Layers * Neurons, 0);
        Action otherKeys = () => _ = new CacheSimulation(layers, orders, new NonePolicy(Neurons, 0), s_setup);
        otherKeys.Should().Throw<ArgumentException>().WithMessage("210 keys expected, 70 given.*");
        Action fewOrders = () => _ = new CacheSimulation(layers, orders[..2], none, s_setup);
        fewOrders.Should().Throw<ArgumentException>().WithMessage("3 orders of 70 neurons expected.*");
        Action otherWidth = () => _ = new CacheSimulation([.. layers, new FiringMatrix(71, [])], orders, none, s_setup);
        otherWidth.Should().Throw<ArgumentException>().WithMessage("Layers differ in neurons or tokens.*");
    }

    private static FiringMatrix[] Trace(int seed) =>
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

    private sealed class SegmentPolicy(int keyCount) : CachePolicy(keyCount, capacity: 1)
    {
        public List<(int Key, int Segment)> Inserted { get; } = [];

        public override int Count => 0;

        public override bool Holds(int key) => false;

        protected override void Use(int key)
        {
        }

        protected override int Take(int key, int segmentSlots)
        {
            Inserted.Add((key, segmentSlots));
            return key;
        }
    }
}
