using Neuralink.Placement.Cost;
using Neuralink.Placement.Evaluation;
using Neuralink.Placement.Ordering.Annealing;
using Neuralink.Placement.Tests.Evaluation;
using Neuralink.Placement.Traces;
using Neuralink.Tests.Support;

namespace Neuralink.Placement.Tests.Ordering.Annealing;

public sealed class OrderCostTests
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
            EvaluationSetup setup = new() { StrideBytes = 4096, Cost = cost, ReadBytesMax = readBytesMax };
            for (int seed = 0; seed < 5; seed++)
            {
                ActivationMatrix active = RandomTrace.Create(neurons, tokens: 60, seed);
                int[] order = [.. Enumerable.Range(0, neurons)];
                new Random(seed).Shuffle(order);
                double found = OrderCost.MicrosOf(active, Permutation.Of(order), setup, cachedShare);
                found.Should().BeApproximately(NaiveEvaluation.MicrosOf(active, order, setup, cachedShare), 1e-6);
            }
        }
    }
}
