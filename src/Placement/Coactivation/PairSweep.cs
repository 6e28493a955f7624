using System.Numerics;
using System.Runtime.Intrinsics;

namespace Neuralink.Placement.Coactivation;

/// <summary>
/// Counts, for all pairs of a set of neurons, at how many tokens both neurons fire: f(ij) of Neuralink (arXiv 2410.19274), section "Offline
/// stage", exactly. It offers the pairs with large counts to <see cref="StrongestPairs"/>. It stores no counts, because counting again is
/// as cheap as reading them back would be. A later sweep also skips most pairs: those of neurons that already have two neighbours, and
/// those whose count is too small to matter.
/// <para>
/// Neurons are taken by rank. For each tile of 512 neurons and each less frequent neuron, the tile's lines are added up over the tokens at
/// which that neuron fires. So the cost of a pair is the frequency of its rarer neuron. A pair's count cannot exceed that frequency either,
/// which ends a sweep early.
/// </para>
/// </summary>
internal sealed class PairSweep
{
    private readonly ActivationLists _lists;
    private readonly ActivationTile _tile;
    private readonly VerticalCounters _counters = new();

    public PairSweep(ActivationLists lists)
    {
        _lists = lists;
        _tile = new ActivationTile(lists.TokenCount);
    }

    /// <summary>Offers every pair of <paramref name="ranks"/> that fires together at least once and often enough to be kept.</summary>
    /// <param name="ranks">The ranks of the neurons, ascending.</param>
    /// <param name="pairs">Receives the pairs.</param>
    /// <param name="cancellation">Checked once a tile.</param>
    public void Offer(ReadOnlySpan<int> ranks, StrongestPairs pairs, CancellationToken cancellation)
    {
        for (int begin = 0; begin < ranks.Length - 1; begin += ActivationTile.Columns)
        {
            cancellation.ThrowIfCancellationRequested();
            if (_lists.Frequency(ranks[begin]) < pairs.LeastCount)
                return;
            ReadOnlySpan<int> columns = ranks.Slice(begin, Math.Min(ActivationTile.Columns, ranks.Length - begin));
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
