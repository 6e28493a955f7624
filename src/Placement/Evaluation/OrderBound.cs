using System.Buffers;
using System.Numerics;
using Neuralink.Placement.Coactivation;
using Neuralink.Placement.Reads;
using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Evaluation;

/// <summary>
/// What no order of a layer's neurons can beat on a trace. Each bound holds for itself: the order with the fewest reads is not the fastest.
/// Under any order a neuron i has two neighbours at each distance, all different, so what its firings share with the wanted neurons near it
/// is at most what its largest pair counts n(i,1) >= n(i,2) >= ... allow.
/// <para>
/// Reads: a bundle wanted at f(i) tokens begins and ends reads, but for the tokens at which one of the k = gap + 1 slots on that side is wanted too:
/// both sides together are at most min(2 f(i), n(i,1) + ... + n(i,2k)), and each token has as many begins as reads.
/// </para>
/// <para>
/// Micros: with a read of m bundles at a + b m, a bundle at distance d behind the wanted one before it costs min(b d, a + b), so that a token costs b times
/// the windows of L = 1 + a / b neighbouring slots in which anything is wanted. Shared out evenly among what is wanted in it, a window costs each
/// firing 1 / (1 + others), which is convex, so that a neuron pays least if the others are spread evenly over its firings and its L windows (Jensen), of
/// which a neuron at distance d is in L - d. A cost that is not affine is bounded from below by lines (<see cref="AffineCost"/>).
/// </para>
/// Neither is below what one read a token would be. It is no tight bound: pair counts do not tell whether three fire together.
/// </summary>
/// <param name="Reads">The fewest reads of all tokens.</param>
/// <param name="Micros">The least microseconds of all tokens.</param>
public readonly record struct OrderBound(long Reads, double Micros)
{
    // Beyond it neighbours are not looked at, which keeps the bound true. Only bundles under 512 bytes would reach further.
    private const int ReachMax = 64;

    /// <summary>
    /// The bounds for <paramref name="firing"/>, played from an empty cache: what then remains wanted does not depend on the order. Exact
    /// pair counts, some 0.1 to 1 second for a layer of 16384 neurons and 20 thousand tokens (docs/experiments.md), and the memory of the trace's lists.
    /// </summary>
    public static OrderBound Of(FiringMatrix firing, EvaluationSetup setup)
    {
        FiringMatrix wanted = setup.CachedShare > 0 ? Missed(firing, setup) : firing;
        int extentSlots = Math.Max(1, setup.ReadBytesMax / setup.StrideBytes);
        int mergeSlots = new ReadPlanner(setup.Cost, setup.StrideBytes, extentSlots, firing.NeuronCount).GapSlotsMax + 1;
        AffineCost[] costs = [.. AffineCost.Below(setup.Cost, setup.StrideBytes, Math.Min(extentSlots, firing.NeuronCount))];
        int reach = (int)Math.Min(Math.Max(mergeSlots, costs.Max(c => Math.Ceiling(c.ReachSlots))), ReachMax);
        using FiringLists lists = new(wanted, ArrayPool<int>.Shared);
        StrongestNeighbours neighbours = new(lists, 2 * reach);
        (long bundles, long tokens, long tokenReads) = Least(wanted, extentSlots);

        long reads = mergeSlots > ReachMax ? tokenReads : Math.Max(tokenReads, bundles - (MergesTwice(lists, neighbours, mergeSlots) / 2));
        double micros = costs.Max(c => Math.Max(
            (c.ReadMicros * tokenReads) + (c.SlotMicros * bundles), c.SlotMicros * WindowsOf(c.ReachSlots)));
        return new OrderBound(reads, micros);

        double WindowsOf(double reachSlots)
        {
            if (reachSlots >= ReachMax)
                return Windows(ReachMax);
            // Distances are whole, so that what a reach between two whole ones covers lies evenly between what these do.
            int below = (int)reachSlots;
            double part = reachSlots - below;
            return (1 - part) * Windows(below) + (part > 0 ? part * Windows(below + 1) : 0);
        }

        double Windows(int slots) => Math.Max(OrderBound.Windows(lists, neighbours, slots), bundles + ((slots - 1) * tokens));
    }

    private static FiringMatrix Missed(FiringMatrix firing, EvaluationSetup setup)
    {
        MissedNeurons missed = new(firing, setup);
        ulong[] words = new ulong[firing.TokenCount * firing.WordsPerToken];
        for (int token = 0; token < firing.TokenCount; token++)
        {
            foreach (int neuron in missed.Next())
                words[(token * firing.WordsPerToken) + (neuron / 64)] |= 1UL << (neuron % 64);
        }
        return new FiringMatrix(firing.NeuronCount, words);
    }

    /// <summary>What is wanted, the tokens that want anything, and their reads if all that each wants lay together.</summary>
    private static (long Bundles, long Tokens, long Reads) Least(FiringMatrix wanted, int extentSlots)
    {
        long bundles = 0, tokens = 0, reads = 0;
        for (int token = 0; token < wanted.TokenCount; token++)
        {
            long count = 0;
            foreach (ulong word in wanted.Token(token))
                count += BitOperations.PopCount(word);
            bundles += count;
            tokens += Math.Min(count, 1);
            reads += (count + extentSlots - 1) / extentSlots;
        }
        return (bundles, tokens, reads);
    }

    /// <summary>At most so many times a wanted bundle has another at most <paramref name="slots"/> before it, or behind it: each pair counts twice.</summary>
    private static long MergesTwice(FiringLists lists, StrongestNeighbours neighbours, int slots)
    {
        long merges = 0;
        for (int rank = 0; rank < lists.RankCount; rank++)
        {
            long shared = 0;
            foreach (int count in neighbours.Of(rank)[..(2 * slots)])
                shared += count;
            merges += Math.Min(2L * lists.Frequency(rank), shared);
        }
        return merges;
    }

    /// <summary>At least so many windows of <paramref name="slots"/> neighbouring slots have something wanted, over all tokens.</summary>
    private static double Windows(FiringLists lists, StrongestNeighbours neighbours, int slots)
    {
        double windows = 0;
        for (int rank = 0; rank < lists.RankCount; rank++)
        {
            ReadOnlySpan<int> counts = neighbours.Of(rank);
            long others = 0;
            for (int distance = 1; distance < slots; distance++)
                others += (slots - distance) * ((long)counts[(2 * distance) - 2] + counts[(2 * distance) - 1]);
            double firings = (double)slots * lists.Frequency(rank);
            windows += firings * Share(others / firings);
        }
        return windows;
    }

    /// <summary>The least mean of 1 / (1 + n) over whole numbers n of mean <paramref name="others"/>: the line between the two next to it.</summary>
    private static double Share(double others)
    {
        double below = Math.Floor(others);
        return (1 / (below + 1)) - ((others - below) / ((below + 1) * (below + 2)));
    }
}
