namespace Neuralink.Models.Sampling;

/// <summary>
/// Selects the k best of n candidates, in order: a heap of the k best so far with the worst of them on top, O(n log k) and
/// for k much smaller than n nearly n comparisons; all of them is a sort.
/// </summary>
internal static class TopK
{
    /// <summary>Moves the <paramref name="k"/> best candidates to the front, best first; 0 or too many means all.</summary>
    /// <returns>How many there are.</returns>
    public static int Select(Span<ulong> candidates, int k)
    {
        if (k > 0 && k < candidates.Length)
        {
            Span<ulong> heap = candidates[..k];
            for (int root = (k / 2) - 1; root >= 0; root--)
                SiftDown(heap, root);

            foreach (ref ulong candidate in candidates[k..])
            {
                if (candidate < heap[0])
                {
                    (heap[0], candidate) = (candidate, heap[0]);
                    SiftDown(heap, 0);
                }
            }

            candidates = heap;
        }

        candidates.Sort();
        return candidates.Length;
    }

    private static void SiftDown(Span<ulong> heap, int root)
    {
        ulong moved = heap[root];
        while (true)
        {
            int child = (2 * root) + 1;
            if (child >= heap.Length)
                break;

            child += child + 1 < heap.Length && heap[child + 1] > heap[child] ? 1 : 0;
            if (heap[child] <= moved)
                break;

            heap[root] = heap[child];
            root = child;
        }

        heap[root] = moved;
    }
}
