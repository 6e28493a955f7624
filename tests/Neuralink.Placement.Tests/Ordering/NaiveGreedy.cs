using Neuralink.Placement.Traces;
using Neuralink.Tests.Support;

namespace Neuralink.Placement.Tests.Ordering;

/// <summary>The greedy search by sorting all pairs, as the paper states it, without putting the remaining paths in a row.</summary>
internal static class NaiveGreedy
{
    /// <summary>The pairs that become neighbours, in the order in which they are joined.</summary>
    public static List<(int Low, int High)> Joined(ActivationMatrix active)
    {
        int[,] counts = RandomTrace.PairCounts(active);
        int n = active.NeuronCount;
        int[] neighbours = new int[n];
        int[] path = [.. Enumerable.Range(0, n)];
        List<(int, int)> joined = [];
        var pairs = from i in Enumerable.Range(0, n)
                    from j in Enumerable.Range(i + 1, n - i - 1)
                    where counts[i, j] > 0
                    orderby counts[i, j] descending, i, j
                    select (i, j);
        foreach ((int i, int j) in pairs)
        {
            if (neighbours[i] == 2 || neighbours[j] == 2 || path[i] == path[j])
                continue;
            joined.Add((i, j));
            neighbours[i]++;
            neighbours[j]++;
            int old = path[i], merged = path[j];
            for (int k = 0; k < n; k++)
                path[k] = path[k] == old ? merged : path[k];
        }
        return joined;
    }
}
