using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Ordering;

/// <summary>Orders the neurons of one layer by any <see cref="PlacementMethod"/>.</summary>
public static class LayerOrdering
{
    /// <summary>The neuron at each slot, [slots]: a permutation, for any trace.</summary>
    /// <param name="firing">Which neurons fire together; no tokens are enough for a permutation, if not for a good one.</param>
    /// <param name="options">The method and what it is to optimise.</param>
    public static int[] NeuronOfSlot(FiringMatrix firing, OrderingOptions options) => options.Method switch
    {
        PlacementMethod.Identity => Identity(firing.NeuronCount),
        PlacementMethod.Random => Shuffled(firing.NeuronCount, options.Seed),
        PlacementMethod.Frequency => ByFrequency(firing),
        _ => throw new ArgumentOutOfRangeException(nameof(options), options.Method, "There is no such method."),
    };

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
