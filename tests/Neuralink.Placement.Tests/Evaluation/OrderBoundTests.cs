using Neuralink.Placement.Evaluation;
using Neuralink.Placement.Ordering;
using Neuralink.Placement.Traces;
using Neuralink.Tests.Support;

namespace Neuralink.Placement.Tests.Evaluation;

public sealed class OrderBoundTests
{
    private const double Rounding = 1e-9;

    [Theory]
    [InlineData(0)]
    [InlineData(0.3)]
    [InlineData(0.5)]
    public void No_order_of_a_few_neurons_beats_it(double cachedShare)
    {
        for (int seed = 0; seed < 60; seed++)
        {
            Random random = new(seed);
            int neurons = random.Next(1, seed % 10 == 0 ? 8 : 7);
            ActivationMatrix active = SmallTrace(random, neurons, tokens: random.Next(1, 12));
            EvaluationSetup setup = new()
            {
                StrideBytes = 1024,
                Cost = RandomCost.Create(random),
                ReadBytesMax = random.Next(3) == 0 ? 1024 * random.Next(1, 6) : int.MaxValue,
            };
            ActivationMatrix wanted = Missed(active, cachedShare);
            OrderBound bound = OrderBound.Of(wanted, setup);
            (long reads, double micros) = Best(wanted, setup);
            bound.Reads.Should().BeLessThanOrEqualTo(reads, "of seed {0}", seed);
            bound.Micros.Should().BeLessThanOrEqualTo(micros * (1 + Rounding), "of seed {0}", seed);
        }
    }

    [Theory]
    [InlineData(0, 300, 512)]
    [InlineData(0.1, 300, 512)]
    [InlineData(0, 700, 4096)]
    [InlineData(0.05, 700, 16384)]
    public void No_method_beats_it_on_the_very_trace_it_was_given(double cachedShare, int neurons, int strideBytes)
    {
        ActivationMatrix active = RandomTrace.Create(neurons, tokens: 200, seed: neurons, share: 0.05);
        EvaluationSetup setup = new() { StrideBytes = strideBytes };
        ActivationMatrix wanted = Missed(active, cachedShare);
        OrderBound bound = OrderBound.Of(wanted, setup);
        foreach (PlacementMethod method in Enum.GetValues<PlacementMethod>())
        {
            OrderingOptions options = new() { Method = method, StrideBytes = strideBytes, StepsPerNeuron = 50 };
            int[] order = LayerOrdering.NeuronOfSlot(active, options);
            PlannedReads totals = PlannedReads.Of(wanted, order, setup);
            totals.Reads.Should().BeGreaterThanOrEqualTo(bound.Reads);
            totals.Micros.Should().BeGreaterThanOrEqualTo(bound.Micros * (1 - Rounding));
        }
    }

    // What never fires together is read alone in any order.
    [Fact]
    public void It_is_exact_where_no_two_neurons_fire_together()
    {
        ActivationMatrix active = ActivationMatrix.FromLists(40, [.. Enumerable.Range(0, 40).Select(n => (int[])[n])]);
        OrderBound bound = OrderBound.Of(active, new EvaluationSetup { StrideBytes = 1000 });
        bound.Reads.Should().Be(40);
        bound.Micros.Should().BeApproximately(40 * 21, 1e-6);
    }

    [Fact]
    public void It_is_exact_where_all_neurons_fire_together()
    {
        ActivationMatrix active = ActivationMatrix.FromLists(40, [[.. Enumerable.Range(0, 40)], [], [.. Enumerable.Range(0, 40)]]);
        OrderBound bound = OrderBound.Of(active, new EvaluationSetup { StrideBytes = 1000, ReadBytesMax = 10_000 });
        bound.Reads.Should().Be(8);
        bound.Micros.Should().BeApproximately((8 * 20) + 80, 1e-6);
    }

    // Each token wants any three of 600 neurons, of which hardly two can lie near each other.
    [Fact]
    public void It_is_far_above_one_read_a_token_where_neurons_fire_without_a_pattern()
    {
        Random random = new(1);
        IEnumerable<int[]> tokens = Enumerable.Range(0, 4000).Select(_ => (int[])[random.Next(600), random.Next(600), random.Next(600)]);
        ActivationMatrix active = ActivationMatrix.FromLists(600, [.. tokens]);
        EvaluationSetup setup = new() { StrideBytes = 16384 };
        OrderBound bound = OrderBound.Of(active, setup);
        PlannedReads found = PlannedReads.Of(active, [.. Enumerable.Range(0, 600)], setup);
        bound.Reads.Should().BeGreaterThan((long)(0.7 * found.Reads));
        bound.Micros.Should().BeGreaterThan(0.8 * found.Micros);
    }

    [Fact]
    public void A_trace_without_tokens_is_free()
    {
        EvaluationSetup setup = new() { StrideBytes = 512 };
        OrderBound.Of(new ActivationMatrix(70, []), setup).Should().Be(new OrderBound(0, 0));
    }

    private static ActivationMatrix Missed(ActivationMatrix active, double cachedShare) =>
        ActivationMatrix.FromLists(active.NeuronCount, NaiveEvaluation.Missed(active, (int)(cachedShare * active.NeuronCount)));

    private static ActivationMatrix SmallTrace(Random random, int neurons, int tokens)
    {
        double share = random.NextDouble();
        return ActivationMatrix.FromLists(neurons, [.. Enumerable.Range(0, tokens).Select(_ => Fired())]);

        int[] Fired() => [.. Enumerable.Range(0, neurons).Where(_ => random.NextDouble() < share)];
    }

    private static (long Reads, double Micros) Best(ActivationMatrix active, EvaluationSetup setup)
    {
        (long Reads, double Micros) best = (long.MaxValue, double.MaxValue);
        foreach (int[] order in Orders([.. Enumerable.Range(0, active.NeuronCount)], 0))
        {
            PlannedReads totals = PlannedReads.Of(active, order, setup);
            best = (Math.Min(best.Reads, totals.Reads), Math.Min(best.Micros, totals.Micros));
        }
        return best;
    }

    private static IEnumerable<int[]> Orders(int[] items, int from)
    {
        if (from == items.Length)
            yield return items;
        for (int i = from; i < items.Length; i++)
        {
            (items[from], items[i]) = (items[i], items[from]);
            foreach (int[] order in Orders(items, from + 1))
                yield return order;
            (items[from], items[i]) = (items[i], items[from]);
        }
    }
}
