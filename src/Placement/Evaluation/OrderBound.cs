using System.Buffers;
using System.Numerics;
using Neuralink.Placement.Coactivation;
using Neuralink.Placement.Reads;
using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Evaluation;

/// <summary>
/// Lower bounds of what any order of a layer's neurons can reach on a trace. Each bound holds on its own: the order with the fewest reads
/// need not be the fastest. The reason for both: under any order, a neuron i has at most two neighbours at each distance, and all of them
/// differ. So the number of times that i fires together with its neighbours is bounded by its largest pair counts n(i,1) >= n(i,2) >= ...
/// <para>
/// Reads: a neuron that fires at f(i) tokens would begin and end a read at each of them, if it were read alone. It does not begin (end) a
/// read at a token where one of the k = gap + 1 slots before (behind) it is wanted too. Over both sides and all tokens this saves at most
/// min(2 f(i), n(i,1) + ... + n(i,2k)). A token has as many reads as read begins.
/// </para>
/// <para>
/// Micros: a read of m bundles costs a + b m. A wanted bundle at distance d behind the wanted one before it then costs min(b d, a + b). So
/// a token costs b times the number of windows of L = 1 + a / b neighbouring slots in which anything is wanted. Let the wanted neurons of a
/// window share its cost evenly: each pays 1 / (1 + others). This is convex, so a neuron pays least if the others are spread evenly over
/// its firings and its L windows (Jensen's inequality). A neighbour at distance d is in L - d of these windows. A cost that is not affine
/// is bounded from below by lines (<see cref="AffineCost"/>).
/// </para>
/// Neither bound is less than what a token costs if all its wanted bundles lie together. The bounds are not tight, because pair counts do
/// not tell whether three neurons fire together.
/// </summary>
/// <param name="Reads">The fewest reads, summed over all tokens.</param>
/// <param name="Micros">The least microseconds, summed over all tokens.</param>
public readonly record struct OrderBound(long Reads, double Micros)
{
    // Neighbours further away are ignored. The bound stays true without them, and only bundles under 512 bytes would reach further.
    private const int ReachMax = 64;

    /// <summary>
    /// The bounds for a trace. The pair counts are exact: they take some 0.1 to 1 second for a layer of 16384 neurons and 20 thousand
    /// tokens (docs/experiments/orders.md), and the memory of the trace's lists.
    /// </summary>
    /// <param name="wanted">The neurons that each token reads: those that are active and not cached.</param>
    /// <param name="setup">The device.</param>
    public static OrderBound Of(ActivationMatrix wanted, EvaluationSetup setup)
    {
        int extentSlots = setup.ExtentSlotsMax;
        int mergeSlots = new ReadPlanner(setup.Cost, setup.StrideBytes, extentSlots, wanted.NeuronCount).GapSlotsMax + 1;
        AffineCost[] costs = [.. AffineCost.Below(setup.Cost, setup.StrideBytes, Math.Min(extentSlots, wanted.NeuronCount))];
        int reach = (int)Math.Min(Math.Max(mergeSlots, costs.Max(c => Math.Ceiling(c.ReachSlots))), ReachMax);
        using ActivationLists lists = new(wanted, ArrayPool<int>.Shared);
        StrongestNeighbours neighbours = new(lists, 2 * reach);
        (long bundles, long tokens, long tokenReads) = Least(wanted, extentSlots);

        long reads = tokenReads;
        if (mergeSlots <= ReachMax)
            reads = Math.Max(reads, bundles - (MergesTwice(lists, neighbours, mergeSlots) / 2));
        return new OrderBound(reads, costs.Max(MicrosOf));

        double MicrosOf(AffineCost cost)
        {
            double together = (cost.ReadMicros * tokenReads) + (cost.SlotMicros * bundles);
            return Math.Max(together, cost.SlotMicros * WindowsOf(cost.ReachSlots));
        }

        double WindowsOf(double reachSlots)
        {
            if (reachSlots >= ReachMax)
                return Windows(ReachMax);
            // Distances are whole numbers. So a fractional reach is worth the weighted mean of the whole ones below and above it.
            int below = (int)reachSlots;
            double part = reachSlots - below;
            return (1 - part) * Windows(below) + (part > 0 ? part * Windows(below + 1) : 0);
        }

        double Windows(int slots) => Math.Max(OrderBound.Windows(lists, neighbours, slots), bundles + ((slots - 1) * tokens));
    }

    /// <summary>The wanted bundles, the tokens that want any, and the reads if all wanted bundles of a token lay together.</summary>
    private static (long Bundles, long Tokens, long Reads) Least(ActivationMatrix wanted, int extentSlots)
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

    /// <summary>
    /// An upper bound of how often a wanted bundle has another wanted one at most <paramref name="slots"/> slots before it, or behind it.
    /// Each pair of bundles counts twice.
    /// </summary>
    private static long MergesTwice(ActivationLists lists, StrongestNeighbours neighbours, int slots)
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

    /// <summary>
    /// A lower bound of the windows of <paramref name="slots"/> neighbouring slots in which anything is wanted, over all tokens.
    /// </summary>
    private static double Windows(ActivationLists lists, StrongestNeighbours neighbours, int slots)
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

    /// <summary>
    /// The least mean of 1 / (1 + n) over whole numbers n whose mean is <paramref name="others"/>: linear between the whole
    /// numbers next to it.
    /// </summary>
    private static double Share(double others)
    {
        double below = Math.Floor(others);
        return (1 / (below + 1)) - ((others - below) / ((below + 1) * (below + 2)));
    }
}
