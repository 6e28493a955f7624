using Neuralink.Placement;

namespace Neuralink.Pipeline.Residency;

/// <summary>
/// Cuts what a layer lacks into clusters that are read and computed one after the other (PowerInfer-2, arXiv 2406.06282, calls them neuron
/// clusters).
/// </summary>
internal static class ClusterCut
{
    /// <summary>The most clusters of a lease: with each the rest of the work after the last read shrinks, and messages grow.</summary>
    public const int ClustersMax = 4;

    /// <summary>The fewest neurons of a cluster on average: with fewer, starting the workers costs more than computing.</summary>
    public const int NeuronsMin = 16;

    /// <summary>
    /// Where the clusters after the first begin: at about equal distances, but each time at the widest gap near there, so that hardly a
    /// read is cut in two.
    /// </summary>
    /// <param name="slots">Ascending.</param>
    /// <param name="begins">Receives the indices, ascending; <see cref="ClustersMax"/> - 1 suffice.</param>
    /// <returns>How many there are.</returns>
    public static int Find(ReadOnlySpan<Slot> slots, Span<int> begins)
    {
        int clusters = Math.Min(ClustersMax, slots.Length / NeuronsMin);
        for (int i = 1; i < clusters; i++)
        {
            int middle = slots.Length * i / clusters, reach = slots.Length / (4 * clusters), best = middle;
            for (int index = middle - reach; index <= middle + reach; index++)
            {
                if (GapBefore(slots, index) > GapBefore(slots, best))
                    best = index;
            }
            begins[i - 1] = best;
        }
        return Math.Max(0, clusters - 1);
    }

    private static int GapBefore(ReadOnlySpan<Slot> slots, int index) => slots[index].Value - slots[index - 1].Value;
}
