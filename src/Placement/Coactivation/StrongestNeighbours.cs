using System.Numerics;
using System.Runtime.Intrinsics;

namespace Neuralink.Placement.Coactivation;

/// <summary>
/// For each neuron its largest pair counts, exactly: at how many tokens it fires together with the neurons that do so most often.
/// </summary>
internal sealed class StrongestNeighbours
{
    private readonly int _width;
    private readonly int[] _counts;     // [ranks, width], each row descending, zeros if there are fewer neighbours

    /// <param name="lists">The tokens at which each neuron fires.</param>
    /// <param name="width">How many of the largest counts are kept for each neuron, at least 1.</param>
    public StrongestNeighbours(ActivationLists lists, int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        _width = width;
        _counts = new int[checked(lists.RankCount * width)];
        ActivationTile tile = new(lists.TokenCount);
        VerticalCounters counters = new();
        int[] ranks = [.. Enumerable.Range(0, lists.RankCount)];
        for (int begin = 0; begin < ranks.Length; begin += ActivationTile.Columns)
        {
            ReadOnlySpan<int> columns = ranks.AsSpan(begin, Math.Min(ActivationTile.Columns, ranks.Length - begin));
            tile.Fill(lists, columns);
            for (int row = 0; row < ranks.Length; row++)
            {
                // A pair's count is at most its rarer neuron's frequency, and the first column is the most frequent one.
                Span<int> strongest = _counts.AsSpan(row * width, width);
                if (Math.Min(lists.Frequency(row), lists.Frequency(begin)) <= strongest[^1])
                    continue;
                counters.Count(tile.Lines, lists.PaddedOffsets(row), lists.Frequency(row));
                Keep(counters, row - begin, strongest);
            }
        }
    }

    /// <summary>The largest counts of the neuron of <paramref name="rank"/>, descending; zeros if it has fewer neighbours.</summary>
    public ReadOnlySpan<int> Of(int rank) => _counts.AsSpan(rank * _width, _width);

    private static void Keep(VerticalCounters counters, int self, Span<int> strongest)
    {
        Vector512<ulong> kept = counters.AtLeast(strongest[^1] + 1);
        for (int word = 0; word < ActivationTile.LineWords; word++)
        {
            ulong bits = kept[word];
            if (self / 64 == word && self >= 0)
                bits &= ~(1UL << (self % 64));
            if (bits == 0)
                continue;
            CounterWord counts = counters.Word(word);
            for (; bits != 0; bits &= bits - 1)
                Insert(counts.Count(BitOperations.TrailingZeroCount(bits)), strongest);
        }
    }

    private static void Insert(int count, Span<int> strongest)
    {
        if (count <= strongest[^1])
            return;
        int at = strongest.Length - 1;
        for (; at > 0 && strongest[at - 1] < count; at--)
            strongest[at] = strongest[at - 1];
        strongest[at] = count;
    }
}
