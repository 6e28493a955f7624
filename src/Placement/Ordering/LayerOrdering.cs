using System.Buffers;
using Neuralink.Placement.Coactivation;
using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Ordering;

/// <summary>Orders the neurons of one layer by any <see cref="PlacementMethod"/>.</summary>
public static class LayerOrdering
{
    /// <summary>The neuron at each slot, [slots]: a permutation, for any trace.</summary>
    /// <param name="firing">Which neurons fire together; no tokens are enough for a permutation, if not for a good one.</param>
    /// <param name="options">The method and what it is to optimise.</param>
    public static int[] NeuronOfSlot(FiringMatrix firing, OrderingOptions options) =>
        Order(firing, options, ArrayPool<int>.Create(), TimeProvider.System, CancellationToken.None).NeuronOfSlot;

    /// <summary>The same with the time that it took, as far as the method has stages; layer after layer should lend memory from the same pool.</summary>
    internal static (int[] NeuronOfSlot, OrderingTimes Times) Order(
        FiringMatrix firing, OrderingOptions options, ArrayPool<int> pool, TimeProvider time, CancellationToken cancellation) => options.Method switch
        {
            PlacementMethod.Identity => (Identity(firing.NeuronCount), default),
            PlacementMethod.Random => (Shuffled(firing.NeuronCount, options.Seed), default),
            PlacementMethod.Frequency => (ByFrequency(firing), default),
            PlacementMethod.Neuralink => GreedyLinking.Order(firing, PairsMax(firing, options), pool, time, cancellation),
            PlacementMethod.Best => Best(firing, options, pool, time, cancellation),
            _ => throw new ArgumentOutOfRangeException(nameof(options), options.Method, "There is no such method."),
        };

    /// <summary>Bytes that ordering a layer takes, its trace included.</summary>
    internal static long BytesOf(FiringMatrix firing, OrderingOptions options)
    {
        if (options.Method is not (PlacementMethod.Neuralink or PlacementMethod.Best))
            return firing.Bytes;
        long linking = FiringLists.BytesOf(firing) + FiringTile.BytesOf(firing.TokenCount) + (PairsMax(firing, options) * (long)StrongestPairs.BytesPerPair);
        return firing.Bytes + (options.Method is PlacementMethod.Best ? Math.Max(linking, BestOrdering.BytesOf(firing)) : linking);
    }

    private static (int[] NeuronOfSlot, OrderingTimes Times) Best(
        FiringMatrix firing, OrderingOptions options, ArrayPool<int> pool, TimeProvider time, CancellationToken cancellation)
    {
        (int[] greedy, OrderingTimes times) = GreedyLinking.Order(firing, PairsMax(firing, options), pool, time, cancellation);
        long start = time.GetTimestamp();
        int[] order = BestOrdering.Order(firing, greedy, options, cancellation);
        return (order, times with { Rearranging = time.GetElapsedTime(start) });
    }

    // There is no need of room for more pairs than there are.
    private static int PairsMax(FiringMatrix firing, OrderingOptions options) => (int)Math.Clamp(
        Math.Min(options.PairBytesMax / StrongestPairs.BytesPerPair, (long)firing.NeuronCount * (firing.NeuronCount - 1) / 2), 2, Array.MaxLength);

    private static int[] Identity(int count) => [.. Enumerable.Range(0, count)];

    private static int[] Shuffled(int count, int seed)
    {
        int[] order = Identity(count);
        new Random(seed).Shuffle(order);
        return order;
    }

    // Neurons that fire equally often keep the model's order.
    private static int[] ByFrequency(FiringMatrix firing)
    {
        int[] frequencies = firing.Frequencies();
        return [.. Identity(firing.NeuronCount).OrderByDescending(neuron => frequencies[neuron])];
    }
}
