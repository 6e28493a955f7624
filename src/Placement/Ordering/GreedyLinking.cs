using System.Buffers;
using Neuralink.Placement.Coactivation;
using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Ordering;

/// <summary>
/// The greedy search of Neuralink (arXiv 2410.19274), section "Offline stage", exactly. It takes pairs of neurons by ascending distance 1 -
/// P(ij), which means by descending count of tokens at which both fire; equal counts by (i, j). A pair becomes neighbours, unless one of
/// the two already has two neighbours, or both are on the same path. The search goes down to pairs that fired together once. So it joins
/// paths end to end as long as any two ends fired together.
/// <para>
/// A round takes a bounded number of pairs: it collects the strongest, sorts them and joins them. The next round takes the pairs after
/// these, among neurons that still have fewer than two neighbours. The result is that of sorting all pairs.
/// </para>
/// <para>
/// The paper leaves open in which order the remaining paths follow one another, because all their ends are equally far apart. Here the
/// paths whose neurons fire most on average come first, each with the more frequent of its ends in front. So the densely used part of the
/// flash lies together, and neurons that never fired lie at the end. Equal paths keep the model's order.
/// </para>
/// </summary>
internal sealed class GreedyLinking
{
    private readonly ActivationLists _lists;
    private readonly Links _links;
    private readonly StrongestPairs _pairs;
    private readonly TimeProvider _time;

    private GreedyLinking(ActivationLists lists, int neuronCount, int pairsMax, TimeProvider time)
    {
        _time = time;
        _lists = lists;
        _links = new Links(neuronCount);
        _pairs = new StrongestPairs(pairsMax, time);
    }

    /// <summary>Orders the neurons of a layer.</summary>
    /// <param name="active">The trace of the layer.</param>
    /// <param name="pairsMax">The number of pairs that are held at a time, at least 2. The result does not depend on it.</param>
    /// <param name="pool">Lends the largest piece of memory.</param>
    /// <param name="time">Measures how long the stages take.</param>
    /// <param name="cancellation">Ends the search with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>The neuron at each slot, [slots], and the time that the stages took.</returns>
    public static (int[] NeuronOfSlot, OrderingTimes Times) Order(
        ActivationMatrix active, int pairsMax, ArrayPool<int> pool, TimeProvider time, CancellationToken cancellation = default)
    {
        if (active.NeuronCount > PairKey.NeuronCountMax || active.TokenCount > PairKey.CountMax)
        {
            string limits = $"At most {PairKey.NeuronCountMax} neurons and {PairKey.CountMax} tokens";
            throw new ArgumentException($"{limits}, not {active.NeuronCount} and {active.TokenCount}.", nameof(active));
        }

        long start = time.GetTimestamp();
        using ActivationLists lists = new(active, pool);
        GreedyLinking greedy = new(lists, active.NeuronCount, pairsMax, time);
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

    // By the time a group's turn comes, few of its pairs still connect two ends. Only these are sorted.
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
