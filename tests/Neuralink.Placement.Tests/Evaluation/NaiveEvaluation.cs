using Neuralink.Placement.Caching;
using Neuralink.Placement.Evaluation;
using Neuralink.Placement.Tests.Caching;
using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Tests.Evaluation;

/// <summary>What it costs to read from an order, and what a cache would hold, written with lists and sets instead of bits.</summary>
internal static class NaiveEvaluation
{
    public static double MicrosOf(ActivationMatrix active, int[] neuronOfSlot, EvaluationSetup setup, double cachedShare)
    {
        long longest = Math.Max(1, setup.ReadBytesMax / setup.StrideBytes);
        Plan totals = default;
        foreach (int[] missed in Missed(active, (int)(cachedShare * active.NeuronCount)))
        {
            int[] slots = [.. missed.Select(neuron => Array.IndexOf(neuronOfSlot, neuron)).Order()];
            totals += Best(slots, longest, slotCount => setup.Cost.MicrosOf(slotCount * setup.StrideBytes));
        }
        return totals.Micros;
    }

    /// <summary>
    /// Finds the best plan for the first slots, one more at a time. The best plan has the least cost, then the fewest slots,
    /// then the fewest reads.
    /// </summary>
    private static Plan Best(int[] slots, long longest, Func<long, double> microsOf)
    {
        List<Plan> best = [default];
        for (int count = 1; count <= slots.Length; count++)
        {
            best.Add(Enumerable.Range(0, count)
                .Select(first => (Before: best[first], Length: slots[count - 1] - slots[first] + 1L))
                .Where(last => last.Length <= longest)
                .Select(last => last.Before + new Plan(microsOf(last.Length), last.Length, 1))
                .MinBy(plan => (Math.Round(plan.Micros, 6), plan.Slots, plan.Reads)));
        }
        return best[^1];
    }

    private readonly record struct Plan(double Micros, long Slots, long Reads)
    {
        public static Plan operator +(Plan a, Plan b) => new(a.Micros + b.Micros, a.Slots + b.Slots, a.Reads + b.Reads);
    }

    /// <summary>The neurons that each token misses in a cache of the default policy.</summary>
    public static List<int[]> Missed(ActivationMatrix active, int capacity)
    {
        NaiveLfu cache = new(active.NeuronCount, capacity, new CacheOptions());
        List<int[]> missedByToken = [];
        for (int token = 0; token < active.TokenCount; token++)
        {
            int[] wanted = [.. Enumerable.Range(0, active.NeuronCount).Where(n => active.IsActive(token, new NeuronId(n)))];
            int[] missed = [.. wanted.Except(cache.Held)];
            foreach (int neuron in wanted.Except(missed))
                cache.Touch(neuron);
            foreach (int neuron in missed)
                cache.Insert(neuron, segmentSlots: 1);
            missedByToken.Add(missed);
        }
        return missedByToken;
    }
}
