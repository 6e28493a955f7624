using Neuralink.Placement.Cost;
using Neuralink.Placement.Evaluation;
using Neuralink.Placement.Ordering.Annealing;
using Neuralink.Placement.Traces;
using Neuralink.Tests.Support;

namespace Neuralink.Placement.Tests.Ordering.Annealing;

public sealed class GapCostTests
{
    // The sum is exact but for the rounding of the units of a slot. These are 12 for the smallest bundles here.
    [Theory]
    [InlineData(1024)]
    [InlineData(1536)]
    [InlineData(8704)]
    [InlineData(25088)]
    public void The_sum_over_gaps_is_the_cost_of_the_read_plans(int strideBytes)
    {
        ActivationMatrix active = RandomTrace.Create(neurons: 150, tokens: 60, seed: strideBytes);
        GapCost gap = new(ReadCost.Default, strideBytes);
        double units = 0;
        int[] fired = new int[active.NeuronCount];
        for (int token = 0; token < active.TokenCount; token++)
        {
            ReadOnlySpan<int> slots = fired.AsSpan(0, active.CopyActive(token, fired));
            for (int i = 0; i < slots.Length; i++)
                units += gap.Of(i == 0 ? gap.Reach : slots[i] - slots[i - 1]);
        }
        EvaluationSetup setup = new() { StrideBytes = strideBytes, ReadBytesMax = int.MaxValue };
        double expected = OrderCost.MicrosOf(active, Permutation.Identity(active.NeuronCount), setup, cachedShare: 0);
        (units / GapCost.Alone * setup.Cost.MicrosOf(strideBytes)).Should().BeApproximately(expected, 0.04 * expected);
    }

    [Fact]
    public void A_bundle_is_as_good_as_alone_beyond_the_break_even_gap()
    {
        GapCost gap = new(ReadCost.Linear(20, 1000), strideBytes: 1536);
        gap.Reach.Should().Be(15, "a bundle and the gap of 13 before it cost less than another read, the next slot costs more");
        gap.Of(14).Should().BeLessThan(GapCost.Alone);
        gap.Of(15).Should().Be(GapCost.Alone);
    }

    [Fact]
    public void A_byte_bounds_the_reach_where_bundles_are_tiny_and_reads_dear()
    {
        GapCost gap = new(ReadCost.Linear(5000, 2000), strideBytes: 512);
        gap.PerSlot.Should().Be(1);
        gap.Reach.Should().Be(GapCost.Alone);
    }
}
