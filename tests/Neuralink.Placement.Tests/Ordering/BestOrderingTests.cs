using FsCheck;
using FsCheck.Fluent;
using Neuralink.Placement.Evaluation;
using Neuralink.Placement.Ordering;
using Neuralink.Placement.Ordering.Annealing;
using Neuralink.Placement.Traces;
using Neuralink.Tests.Support;

namespace Neuralink.Placement.Tests.Ordering;

public sealed class BestOrderingTests
{
    [Fact]
    public void On_the_trace_it_is_given_best_never_costs_more_than_the_greedy() =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), ArbMap.Default.ArbFor<byte>(), (seed, size) =>
        {
            ActivationMatrix active = RandomTrace.Create(neurons: 20 + size, tokens: 1 + (seed & 63), seed);
            int strideBytes = 512 * (1 + (size % 5));     // up to a size for which gaps hardly pay
            foreach (double share in (double[])[0, 0.05])
            {
                double greedy = Micros(active, PlacementMethod.Neuralink, strideBytes, share);
                Micros(active, PlacementMethod.Best, strideBytes, share).Should().BeLessThanOrEqualTo(greedy);
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Best_finds_cheaper_reads_than_the_greedy_where_there_are_clusters()
    {
        ActivationMatrix active = RandomTrace.Create(neurons: 400, tokens: 300, seed: 1, share: 0.04);
        Micros(active, PlacementMethod.Best, 1536, 0).Should().BeLessThan(0.97 * Micros(active, PlacementMethod.Neuralink, 1536, 0));
    }

    [Fact]
    public void Where_gaps_hardly_pay_best_is_the_greedy()
    {
        ActivationMatrix active = RandomTrace.Create(neurons: 200, tokens: 100, seed: 2);
        OrderingOptions large = Options(8704);
        large.RearrangesLinks.Should().BeFalse();
        int[] greedy = LayerOrdering.NeuronOfSlot(active, large with { Method = PlacementMethod.Neuralink });
        LayerOrdering.NeuronOfSlot(active, large).Should().Equal(greedy);
        Options(1536).RearrangesLinks.Should().BeTrue();
    }

    [Fact]
    public void A_seed_decides_the_order()
    {
        ActivationMatrix active = RandomTrace.Create(neurons: 200, tokens: 100, seed: 2);
        int[] one = LayerOrdering.NeuronOfSlot(active, Options(1536));
        LayerOrdering.NeuronOfSlot(active, Options(1536)).Should().Equal(one);
        LayerOrdering.NeuronOfSlot(active, Options(1536) with { Seed = 2 }).Should().NotEqual(one);
    }

    [Fact]
    public void The_search_can_be_cancelled()
    {
        using CancellationTokenSource source = new();
        source.Cancel();
        ActivationMatrix active = RandomTrace.Create(neurons: 200, tokens: 100, seed: 2);
        Action act = () => BestOrdering.Order(active, [.. Enumerable.Range(0, 200)], Options(1536), source.Token);
        act.Should().Throw<OperationCanceledException>();
    }

    private static double Micros(ActivationMatrix active, PlacementMethod method, int strideBytes, double cachedShare)
    {
        int[] order = LayerOrdering.NeuronOfSlot(active, Options(strideBytes) with { Method = method });
        EvaluationSetup setup = new() { StrideBytes = strideBytes };
        return OrderCost.MicrosOf(active, Permutation.Of(order), setup, cachedShare);
    }

    private static OrderingOptions Options(int strideBytes) =>
        new() { Method = PlacementMethod.Best, StrideBytes = strideBytes, StepsPerNeuron = 200 };
}
