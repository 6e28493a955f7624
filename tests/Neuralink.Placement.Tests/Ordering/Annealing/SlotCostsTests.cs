using Neuralink.Placement.Cost;
using Neuralink.Placement.Ordering.Annealing;
using Neuralink.Placement.Traces;
using Neuralink.Tests.Support;

namespace Neuralink.Placement.Tests.Ordering.Annealing;

public sealed class SlotCostsTests
{
    [Theory]
    [InlineData(1536, 200)]     // reach 15
    [InlineData(25088, 65)]     // reach 2, a slot beyond a word
    [InlineData(512, 128)]      // reach 41
    public void The_change_of_a_swap_is_what_all_tokens_pay_more(int strideBytes, int neurons)
    {
        GapCost gap = new(ReadCost.Default, strideBytes);
        TokenSample sample = Sample(RandomTrace.Create(neurons, tokens: 40, seed: neurons));
        Random random = new(3);
        int[] order = [.. Enumerable.Range(0, neurons)];
        random.Shuffle(order);
        SlotCosts costs = new(sample, gap, order);
        for (int done = 0; done < 200;)
        {
            int a = random.Next(neurons), b = random.Next(neurons);
            if (Math.Abs(a - b) < gap.Reach)
                continue;
            done++;
            int before = Total(sample, gap, costs.Order), expected = costs.ChangeOfSwap(a, b);
            costs.Swap(a, b);
            (Total(sample, gap, costs.Order) - before).Should().Be(expected, "that is what exchanging slots {0} and {1} changes", a, b);
        }
        costs.Order.ToArray().Order().Should().Equal(Enumerable.Range(0, neurons));
        costs.Order.ToArray().Select(costs.SlotOf).Should().Equal(Enumerable.Range(0, neurons));
    }

    [Fact]
    public void After_many_swaps_the_costs_are_those_of_the_order_as_it_is()
    {
        GapCost gap = new(ReadCost.Default, strideBytes: 1536);
        TokenSample sample = Sample(RandomTrace.Create(neurons: 130, tokens: 30, seed: 4));
        SlotCosts costs = new(sample, gap, [.. Enumerable.Range(0, 130)]);
        Random random = new(5);
        for (int swap = 0; swap < 300; swap++)
        {
            int a = random.Next(130), b = (a + random.Next(20, 110)) % 130;
            if (Math.Abs(a - b) >= gap.Reach)
                costs.Swap(a, b);
        }
        SlotCosts fresh = new(sample, gap, costs.Order);
        for (int a = 0; a < 60; a++)
            costs.ChangeOfSwap(a, 129 - a).Should().Be(fresh.ChangeOfSwap(a, 129 - a));
    }

    internal static TokenSample Sample(ActivationMatrix active)
    {
        int[] fired = new int[active.NeuronCount];
        IEnumerable<int[]> tokens = Enumerable.Range(0, active.TokenCount).Select(token => fired[..active.CopyActive(token, fired)]);
        return new TokenSample(active.NeuronCount, [.. tokens]);
    }

    private static int Total(TokenSample sample, GapCost gap, ReadOnlySpan<int> order)
    {
        int[] slots = new int[order.Length];
        for (int slot = 0; slot < order.Length; slot++)
            slots[order[slot]] = slot;
        int total = 0;
        for (int token = 0; token < sample.TokenCount; token++)
        {
            int last = -gap.Reach;          // so that the first bundle counts as read alone
            foreach (int slot in sample.NeuronsOf(token).ToArray().Select(neuron => slots[neuron]).Order())
            {
                total += gap.Of(slot - last);
                last = slot;
            }
        }
        return total;
    }
}
