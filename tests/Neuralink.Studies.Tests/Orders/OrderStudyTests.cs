using Neuralink.Placement;
using Neuralink.Placement.Cost;
using Neuralink.Placement.Evaluation;
using Neuralink.Placement.Ordering.Annealing;
using Neuralink.Placement.Traces;
using Neuralink.Studies.Orders;
using Neuralink.Tests.Support;

namespace Neuralink.Studies.Tests.Orders;

/// <summary>What the engine's machines read under an order is what the search for orders takes it for.</summary>
public sealed class OrderStudyTests
{
    [Theory]
    [InlineData(1, 0.3)]
    [InlineData(63, 0)]
    [InlineData(64, 0.05)]
    [InlineData(130, 0.3)]
    [InlineData(130, 1)]
    public void It_costs_what_the_search_makes_small(int neurons, double cachedShare)
    {
        ReadCost curve = new([new(4096, 30), new(16384, 40), new(65536, 100)]);
        foreach (ReadCost cost in (ReadCost[])[ReadCost.Default, ReadCost.Linear(5, 2000), curve])
        {
            EvaluationSetup setup = new() { StrideBytes = 4096, Cost = cost, ReadBytesMax = neurons % 2 == 0 ? int.MaxValue : 4096 * 5 };
            for (int seed = 0; seed < 5; seed++)
            {
                ActivationMatrix active = RandomTrace.Create(neurons, tokens: 60, seed);
                int[] order = [.. Enumerable.Range(0, neurons)];
                new Random(seed).Shuffle(order);
                (ReadTotals totals, ActivationMatrix missed) = OrderStudy.Of(active, Permutation.Of(order), setup, cachedShare);
                double expected = OrderCost.MicrosOf(active, Permutation.Of(order), setup, cachedShare);
                totals.Micros.Should().BeApproximately(expected, 1e-6);
                totals.WantedBundles.Should().Be(missed.ActiveCount());
                OrderStudy.Of(missed, Permutation.Of(order), setup, cachedShare: 0).Totals.Should()
                    .Be(totals, "the reads are those of what was missed");
            }
        }
    }

    [Fact]
    public void Without_a_cache_everything_that_is_active_is_read()
    {
        ActivationMatrix active = RandomTrace.Create(100, tokens: 50, seed: 3);
        EvaluationSetup setup = new() { StrideBytes = 512 };
        (ReadTotals totals, ActivationMatrix missed) = OrderStudy.Of(active, Permutation.Identity(100), setup, cachedShare: 0);
        totals.WantedBundles.Should().Be(active.ActiveCount());
        totals.ReadBundles.Should().BeGreaterThan(totals.WantedBundles, "gaps of 39 are bridged");
        for (int token = 0; token < 50; token++)
            missed.Token(token).ToArray().Should().Equal(active.Token(token).ToArray());
    }

    [Fact]
    public void What_is_missed_does_not_depend_on_the_order()
    {
        ActivationMatrix active = RandomTrace.Create(90, tokens: 80, seed: 4);
        EvaluationSetup setup = new() { StrideBytes = 512 };
        ActivationMatrix ascending = OrderStudy.Of(active, Permutation.Identity(90), setup, cachedShare: 0.1).Missed;
        int[] order = [.. Enumerable.Range(0, 90)];
        new Random(4).Shuffle(order);
        ActivationMatrix shuffled = OrderStudy.Of(active, Permutation.Of(order), setup, cachedShare: 0.1).Missed;
        for (int token = 0; token < 80; token++)
            shuffled.Token(token).ToArray().Should().Equal(ascending.Token(token).ToArray());
    }

    [Fact]
    public void A_trace_without_tokens_costs_nothing()
    {
        ReadTotals totals = OrderStudy.Of(
            new ActivationMatrix(70, []), Permutation.Identity(70), new EvaluationSetup { StrideBytes = 512 }, cachedShare: 0.5).Totals;
        (totals, totals.MeanReadBundles, totals.ReadPerUsed).Should().Be((default(ReadTotals), 0, 1));
    }

    [Fact]
    public void An_order_of_another_layer_is_refused()
    {
        EvaluationSetup setup = new() { StrideBytes = 512 };
        Action act = () => OrderStudy.Of(new ActivationMatrix(70, []), Permutation.Identity(71), setup, cachedShare: 0);
        act.Should().Throw<ArgumentException>().WithMessage("1 orders of 70 neurons expected*");
    }
}
