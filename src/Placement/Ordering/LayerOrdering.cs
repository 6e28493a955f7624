using System.Buffers;
using Neuralink.Placement.Coactivation;
using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Ordering;

/// <summary>Orders the neurons of one layer by any <see cref="PlacementMethod"/>.</summary>
public static class LayerOrdering
{
    /// <summary>The neuron at each slot, [slots]. It is a permutation for any trace.</summary>
    /// <param name="firing">The trace of the layer. A trace without tokens gives a permutation too, if not a good one.</param>
    /// <param name="options">The method and what it optimises for.</param>
    public static int[] NeuronOfSlot(FiringMatrix firing, OrderingOptions options) =>
        Order(firing, options, ArrayPool<int>.Create(), TimeProvider.System, CancellationToken.None).NeuronOfSlot;

    /// <summary>
    /// As <see cref="NeuronOfSlot"/>, with the time that the method's stages took. Layers that are ordered one after another
    /// should share a pool.
    /// </summary>
    internal static (int[] NeuronOfSlot, OrderingTimes Times) Order(
        FiringMatrix firing, OrderingOptions options, ArrayPool<int> pool, TimeProvider time, CancellationToken cancellation)
    {
        return options.Method switch
        {
            PlacementMethod.Identity => (Identity(firing.NeuronCount), default),
            PlacementMethod.Random => (Shuffled(firing.NeuronCount, options.Seed), default),
            PlacementMethod.Frequency => (ByFrequency(firing), default),
            PlacementMethod.Neuralink => GreedyLinking.Order(firing, PairsMax(firing, options), pool, time, cancellation),
            PlacementMethod.Best => Best(firing, options, pool, time, cancellation),
            _ => throw new ArgumentOutOfRangeException(nameof(options), options.Method, "There is no such method."),
        };
    }

    /// <summary>The bytes that ordering a layer takes, including its trace.</summary>
    internal static long BytesOf(FiringMatrix firing, OrderingOptions options)
    {
        if (options.Method is not (PlacementMethod.Neuralink or PlacementMethod.Best))
            return firing.Bytes;
        long pairs = PairsMax(firing, options) * (long)StrongestPairs.BytesPerPair;
        long linking = FiringLists.BytesOf(firing) + FiringTile.BytesOf(firing.TokenCount) + pairs;
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

    // No more than all pairs of the layer need room.
    private static int PairsMax(FiringMatrix firing, OrderingOptions options)
    {
        long pairs = (long)firing.NeuronCount * (firing.NeuronCount - 1) / 2;
        return (int)Math.Clamp(Math.Min(options.PairBytesMax / StrongestPairs.BytesPerPair, pairs), 2, Array.MaxLength);
    }

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
