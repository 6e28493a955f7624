using System.Numerics;
using System.Runtime.Intrinsics;

namespace Neuralink.Placement.Coactivation;

/// <summary>
/// Counts at how many tokens both neurons of a pair fire, f(ij) of Neuralink (arXiv 2410.19274), section "Offline stage", exactly, for all
/// pairs of a set of neurons, and offers those that count to <see cref="StrongestPairs"/>. No count is stored: counting again is as cheap as
/// reading counts back would be, and what is known by then (neurons that have their two neighbours, the least count that matters) spares most of it.
/// <para>
/// Neurons are taken by rank. The lines of a tile of 512 of them are added up for each of the less frequent neurons at the tokens where that
/// one fires, so that a pair costs its rarer neuron's frequency; and no pair counts more than its rarer neuron fires, which ends a sweep early.
/// </para>
/// </summary>
internal sealed class PairSweep
{
    private readonly FiringLists _lists;
    private readonly FiringTile _tile;
    private readonly VerticalCounters _counters = new();

    public PairSweep(FiringLists lists)
    {
        _lists = lists;
        _tile = new FiringTile(lists.TokenCount);
    }

    /// <summary>Offers every pair of <paramref name="ranks"/> that fires together at least once and often enough to be kept.</summary>
    /// <param name="ranks">Ranks of neurons, ascending.</param>
    /// <param name="pairs">Receives the pairs.</param>
    /// <param name="cancellation">Looked at once a tile.</param>
    public void Offer(ReadOnlySpan<int> ranks, StrongestPairs pairs, CancellationToken cancellation)
    {
        for (int begin = 0; begin < ranks.Length - 1; begin += FiringTile.Columns)
        {
            cancellation.ThrowIfCancellationRequested();
            if (_lists.Frequency(ranks[begin]) < pairs.LeastCount)
                return;
            ReadOnlySpan<int> columns = ranks.Slice(begin, Math.Min(FiringTile.Columns, ranks.Length - begin));
            _tile.Fill(_lists, columns);
            for (int row = begin + 1; row < ranks.Length; row++)
            {
                int frequency = _lists.Frequency(ranks[row]);
                if (frequency < pairs.LeastCount)
                    break;
                _counters.Count(_tile.Lines, _lists.PaddedOffsets(ranks[row]), frequency);
                Offer(columns[..Math.Min(columns.Length, row - begin)], ranks[row], pairs);
            }
        }
    }

    private void Offer(ReadOnlySpan<int> columns, int rowRank, StrongestPairs pairs)
    {
        Vector512<ulong> kept = _counters.AtLeast(pairs.LeastCount);
        if (kept == default)
            return;
        int row = _lists.Neuron(rowRank);
        for (int word = 0; word * 64 < columns.Length; word++)
        {
            ulong bits = kept[word];
            if (columns.Length < (word + 1) * 64)
                bits &= (1UL << (columns.Length % 64)) - 1;
            if (bits == 0)
                continue;
            CounterWord counts = _counters.Word(word);
            for (; bits != 0; bits &= bits - 1)
            {
                int column = BitOperations.TrailingZeroCount(bits);
                pairs.Offer(PairKey.Of(counts.Count(column), row, _lists.Neuron(columns[(word * 64) + column])));
            }
        }
    }
}
