using System.Buffers;
using Neuralink.Placement.Coactivation;
using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Ordering;

/// <summary>Orders the neurons of one layer by any <see cref="PlacementMethod"/>.</summary>
public static class LayerOrdering
{
    /// <summary>The neuron at each slot, [slots]. It is a permutation for any trace.</summary>
    /// <param name="active">The trace of the layer. A trace without tokens gives a permutation too, if not a good one.</param>
    /// <param name="options">The method and what it optimises for.</param>
    public static int[] NeuronOfSlot(ActivationMatrix active, OrderingOptions options) =>
        Order(active, options, ArrayPool<int>.Create(), TimeProvider.System, CancellationToken.None).NeuronOfSlot;

    /// <summary>
    /// As <see cref="NeuronOfSlot"/>, with the time that the method's stages took. Layers that are ordered one after another
    /// should share a pool.
    /// </summary>
    internal static (int[] NeuronOfSlot, OrderingTimes Times) Order(
        ActivationMatrix active, OrderingOptions options, ArrayPool<int> pool, TimeProvider time, CancellationToken cancellation)
    {
        return options.Method switch
        {
            PlacementMethod.Identity => (Identity(active.NeuronCount), default),
            PlacementMethod.Random => (Shuffled(active.NeuronCount, options.Seed), default),
            PlacementMethod.Frequency => (ByFrequency(active), default),
            PlacementMethod.Neuralink => GreedyLinking.Order(active, PairsMax(active, options), pool, time, cancellation),
            PlacementMethod.Best => Best(active, options, pool, time, cancellation),
            _ => throw new ArgumentOutOfRangeException(nameof(options), options.Method, "There is no such method."),
        };
    }

    /// <summary>The bytes that ordering a layer takes, including its trace.</summary>
    internal static long BytesOf(ActivationMatrix active, OrderingOptions options)
    {
        if (options.Method is not (PlacementMethod.Neuralink or PlacementMethod.Best))
            return active.Bytes;
        long pairs = PairsMax(active, options) * (long)StrongestPairs.BytesPerPair;
        long linking = ActivationLists.BytesOf(active) + ActivationTile.BytesOf(active.TokenCount) + pairs;
        return active.Bytes + (options.Method is PlacementMethod.Best ? Math.Max(linking, BestOrdering.BytesOf(active)) : linking);
    }

    private static (int[] NeuronOfSlot, OrderingTimes Times) Best(
        ActivationMatrix active, OrderingOptions options, ArrayPool<int> pool, TimeProvider time, CancellationToken cancellation)
    {
        (int[] greedy, OrderingTimes times) = GreedyLinking.Order(active, PairsMax(active, options), pool, time, cancellation);
        long start = time.GetTimestamp();
        int[] order = BestOrdering.Order(active, greedy, options, cancellation);
        return (order, times with { Rearranging = time.GetElapsedTime(start) });
    }

    // No more than all pairs of the layer need room.
    private static int PairsMax(ActivationMatrix active, OrderingOptions options)
    {
        long pairs = (long)active.NeuronCount * (active.NeuronCount - 1) / 2;
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
    private static int[] ByFrequency(ActivationMatrix active)
    {
        int[] frequencies = active.Frequencies();
        return [.. Identity(active.NeuronCount).OrderByDescending(neuron => frequencies[neuron])];
    }
}
