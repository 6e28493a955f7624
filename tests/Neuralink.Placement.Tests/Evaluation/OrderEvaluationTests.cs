using Neuralink.Placement.Cost;
using Neuralink.Placement.Evaluation;
using Neuralink.Placement.Tests.Traces;
using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Tests.Evaluation;

public sealed class OrderEvaluationTests
{
    public static TheoryData<int, double, int> Cases
    {
        get
        {
            TheoryData<int, double, int> cases = [];
            foreach (int neurons in (int[])[1, 5, 63, 64, 65, 130])
            {
                foreach (double cached in (double[])[0, 0.05, 0.3, 1])
                    cases.Add(neurons, cached, neurons % 2 == 0 ? int.MaxValue : 4096 * 5);
            }
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void It_equals_the_naive_evaluation_with_and_without_a_cache(int neurons, double cachedShare, int readBytesMax)
    {
        ReadCost curve = new([new(4096, 30), new(16384, 40), new(65536, 100)]);
        foreach (ReadCost cost in (ReadCost[])[ReadCost.Default, ReadCost.Linear(5, 2000), curve])
        {
            EvaluationSetup setup = new() { StrideBytes = 4096, Cost = cost, CachedShare = cachedShare, ReadBytesMax = readBytesMax };
            for (int seed = 0; seed < 5; seed++)
            {
                FiringMatrix firing = RandomTrace.Create(neurons, tokens: 60, seed);
                int[] order = [.. Enumerable.Range(0, neurons)];
                new Random(seed).Shuffle(order);
                ReadTotals found = OrderEvaluation.Of(firing, Permutation.Of(order), setup);
                ReadTotals expected = NaiveEvaluation.Of(firing, order, setup);
                found.Should().Be(expected with { Micros = found.Micros });
                found.Micros.Should().BeApproximately(expected.Micros, 1e-6);
            }
        }
    }

    [Fact]
    public void Without_a_cache_everything_that_fires_is_wanted()
    {
        FiringMatrix firing = RandomTrace.Create(100, tokens: 50, seed: 3);
        ReadTotals totals = OrderEvaluation.Of(firing, Permutation.Identity(100), new EvaluationSetup { StrideBytes = 512 });
        totals.WantedBundles.Should().Be(firing.FiringCount());
        totals.ReadBundles.Should().BeGreaterThan(totals.WantedBundles, "gaps of 39 are bridged");
    }

    [Fact]
    public void A_trace_without_tokens_costs_nothing()
    {
        EvaluationSetup setup = new() { StrideBytes = 512, CachedShare = 0.5 };
        ReadTotals totals = OrderEvaluation.Of(new FiringMatrix(70, []), Permutation.Identity(70), setup);
        (totals, totals.MeanReadBundles, totals.ReadPerUsed).Should().Be((default(ReadTotals), 0, 1));
    }

    [Fact]
    public void An_order_of_another_layer_is_refused()
    {
        EvaluationSetup setup = new() { StrideBytes = 512 };
        Action act = () => OrderEvaluation.Of(new FiringMatrix(70, []), Permutation.Identity(71), setup);
        act.Should().Throw<ArgumentException>().WithMessage("70 neurons expected, 71 given.*");
    }
}
