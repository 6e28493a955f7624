using Neuralink.Placement.Cost;
using Neuralink.Placement.Evaluation;
using Neuralink.Placement.Ordering.Annealing;
using Neuralink.Placement.Tests.Traces;
using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Tests.Ordering.Annealing;

public sealed class GapCostTests
{
    // On a linear device the sum over gaps is the cost of the plans to the rounding of a unit, whether bundles are large or small.
    [Theory]
    [InlineData(1024)]
    [InlineData(1536)]
    [InlineData(8704)]
    [InlineData(25088)]
    public void The_sum_over_gaps_is_the_cost_of_the_read_plans(int strideBytes)
    {
        FiringMatrix firing = RandomTrace.Create(neurons: 150, tokens: 60, seed: strideBytes);
        GapCost gap = new(ReadCost.Default, strideBytes);
        double units = 0;
        int[] fired = new int[firing.NeuronCount];
        for (int token = 0; token < firing.TokenCount; token++)
        {
            ReadOnlySpan<int> slots = fired.AsSpan(0, firing.CopyFiring(token, fired));
            for (int i = 0; i < slots.Length; i++)
                units += gap.Of(i == 0 ? gap.Reach : Math.Min(gap.Reach, slots[i] - slots[i - 1]), gap.Reach);
        }
        EvaluationSetup setup = new() { StrideBytes = strideBytes, ReadBytesMax = int.MaxValue };
        double expected = OrderEvaluation.Of(firing, Permutation.Identity(firing.NeuronCount), setup).Micros;
        (units * gap.MicrosPerUnit).Should().BeApproximately(expected, 0.02 * expected);
    }

    [Fact]
    public void A_bundle_between_two_wanted_ones_of_the_same_read_costs_nothing_more()
    {
        GapCost gap = new(ReadCost.Linear(20, 1000), strideBytes: 1536);
        gap.Reach.Should().Be(15, "one bundle and a gap of 13 more are as dear as another read, the next is dearer");
        gap.Of(3, 4).Should().Be(0);
        gap.Of(gap.Reach, gap.Reach).Should().BeGreaterThan(gap.Of(gap.Reach, 5)).And.BeGreaterThan(gap.Of(5, gap.Reach));
    }

    [Fact]
    public void Reach_is_bounded_where_bundles_are_tiny_and_reads_dear()
    {
        GapCost gap = new(ReadCost.Linear(500, 2000), strideBytes: 512);
        gap.Reach.Should().Be(GapCost.ReachMax);
        gap.Of(gap.Reach, gap.Reach).Should().BeGreaterThan(0);
    }
}
