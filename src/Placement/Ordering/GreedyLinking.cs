using System.Buffers;
using Neuralink.Placement.Coactivation;
using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Ordering;

/// <summary>
/// The greedy search of Neuralink (arXiv 2410.19274), section "Offline stage", exactly: pairs of neurons by ascending distance 1 - P(ij), which is by
/// descending count of tokens at which both fire, equals by (i, j); a pair becomes neighbours unless one of the two has two neighbours already or both
/// are on the same path. It goes down to pairs that fired together once, and so joins the links end to end by the nearest ends as far as ends have
/// anything in common.
/// <para>
/// Pairs are looked at a bounded number at a time: the strongest are collected, sorted and joined; then those that come after them among neurons which have
/// less than two neighbours by now. What comes out is what sorting all pairs would give.
/// </para>
/// <para>
/// Which of the links that remain follow one another is left open by the paper, all their ends being equally far apart. Here those whose neurons fire
/// most on average come first, each with the more frequent of its ends in front, so that the densely used part of the flash lies together and
/// neurons that never fired lie last, not between ones that do; equals follow the model's order.
/// </para>
/// </summary>
internal sealed class GreedyLinking
{
    private readonly FiringLists _lists;
    private readonly Links _links;
    private readonly StrongestPairs _pairs;
    private readonly TimeProvider _time;

    private GreedyLinking(FiringLists lists, int neuronCount, int pairsMax, TimeProvider time)
    {
        _time = time;
        _lists = lists;
        _links = new Links(neuronCount);
        _pairs = new StrongestPairs(pairsMax, time);
    }

    /// <summary>The neuron at each slot, [slots].</summary>
    /// <param name="firing">Which neurons fire together.</param>
    /// <param name="pairsMax">Pairs that are held at a time, at least 2; the result does not depend on it.</param>
    /// <param name="pool">Lends the largest piece of memory.</param>
    /// <param name="time">To tell how long the stages take.</param>
    /// <param name="cancellation">Ends the search with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>The order, and the time that its stages took.</returns>
    public static (int[] NeuronOfSlot, OrderingTimes Times) Order(
        FiringMatrix firing, int pairsMax, ArrayPool<int> pool, TimeProvider time, CancellationToken cancellation = default)
    {
        if (firing.NeuronCount > PairKey.NeuronCountMax || firing.TokenCount > PairKey.CountMax)
        {
            throw new ArgumentException(
                $"At most {PairKey.NeuronCountMax} neurons and {PairKey.CountMax} tokens, not {firing.NeuronCount} and {firing.TokenCount}.", nameof(firing));
        }

        long start = time.GetTimestamp();
        using FiringLists lists = new(firing, pool);
        GreedyLinking greedy = new(lists, firing.NeuronCount, pairsMax, time);
        TimeSpan linking = greedy.LinkAll(cancellation);
        long joining = time.GetTimestamp();
        int[] order = EndToEnd(greedy._links, lists.Frequencies.ToArray());
        linking += time.GetElapsedTime(joining);
        TimeSpan sorting = greedy._pairs.SortingTime;
        return (order, new OrderingTimes(time.GetElapsedTime(start) - sorting - linking, sorting, linking));
    }

    private TimeSpan LinkAll(CancellationToken cancellation)
    {
        TimeSpan linking = default;
        PairSweep sweep = new(_lists);
        int[] ends = [.. Enumerable.Range(0, _lists.RankCount)];
        for (ulong after = 0; after != ulong.MaxValue; after = _pairs.Last)
        {
            ends = Array.FindAll(ends, rank => _links.IsEnd(_lists.Neuron(rank)));
            _pairs.Begin(after);
            sweep.Offer(ends, _pairs, cancellation);
            Span<ulong> pairs = _pairs.GroupByCount();
            long start = _time.GetTimestamp();
            Link(pairs);
            linking += _time.GetElapsedTime(start);
        }
        return linking;
    }

    // Few pairs of a group are still between ends once their turn comes: only those are worth sorting.
    private void Link(Span<ulong> pairs)
    {
        for (int begin = 0, end; begin < pairs.Length; begin = end)
        {
            int count = PairKey.Count(pairs[begin]), open = begin;
            for (end = begin; end < pairs.Length && PairKey.Count(pairs[end]) == count; end++)
            {
                ulong key = pairs[end];
                if (_links.IsEnd(PairKey.Low(key)) && _links.IsEnd(PairKey.High(key)))
                    pairs[open++] = key;
            }
            Span<ulong> among = pairs[begin..open];
            among.Sort();
            foreach (ulong key in among)
                _links.TryJoin(PairKey.Low(key), PairKey.High(key));
        }
    }

    private static int[] EndToEnd(Links links, int[] frequencies)
    {
        IEnumerable<int[]> byMean = links.Paths()
            .Select(path => (Path: path, Mean: path.Sum(neuron => (long)frequencies[neuron]) / (double)path.Length))
            .OrderByDescending(path => path.Mean)
            .Select(path => path.Path);
        List<int> order = new(frequencies.Length);
        foreach (int[] path in byMean)
        {
            if (frequencies[path[^1]] > frequencies[path[0]])
                Array.Reverse(path);
            order.AddRange(path);
        }
        return [.. order];
    }
}
