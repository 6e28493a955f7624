using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Evaluation;

/// <summary>
/// What an order of one layer costs to read from: plays a trace token by token through a cache and the very planner of the engine
/// (<see cref="AccessCollapse"/>), and adds up what the plans cost.
/// </summary>
public static class OrderEvaluation
{
    /// <summary>Plays <paramref name="firing"/> from an empty cache.</summary>
    /// <param name="firing">The test trace of the layer.</param>
    /// <param name="order">Which neuron lies at which slot.</param>
    /// <param name="setup">The device and the cache.</param>
    public static ReadTotals Of(FiringMatrix firing, Permutation order, EvaluationSetup setup)
    {
        if (order.Count != firing.NeuronCount)
            throw new ArgumentException($"{firing.NeuronCount} neurons expected, {order.Count} given.", nameof(order));
        int gapSlots = setup.Cost.BreakEvenGapSlots(setup.StrideBytes), extentSlots = Math.Max(1, setup.ReadBytesMax / setup.StrideBytes);
        MissedNeurons missed = new(firing, setup);
        Slot[] wanted = new Slot[firing.NeuronCount];
        Extent[] extents = new Extent[firing.NeuronCount];
        ReadTotals totals = default;
        for (int token = 0; token < firing.TokenCount; token++)
        {
            ReadOnlySpan<int> neurons = missed.Next();
            Span<Slot> slots = wanted.AsSpan(0, neurons.Length);
            for (int i = 0; i < slots.Length; i++)
                slots[i] = order.SlotOf(new NeuronId(neurons[i]));
            slots.Sort(static (a, b) => a.Value.CompareTo(b.Value));
            int reads = AccessCollapse.Plan(slots, gapSlots, extentSlots, extents);
            totals += Sum(extents.AsSpan(0, reads), slots.Length, setup);
        }
        return totals;
    }

    private static ReadTotals Sum(ReadOnlySpan<Extent> extents, int wantedCount, EvaluationSetup setup)
    {
        long bundles = 0;
        double micros = 0;
        foreach (Extent extent in extents)
        {
            bundles += extent.SlotCount;
            micros += setup.Cost.MicrosOf((long)extent.SlotCount * setup.StrideBytes);
        }
        return new ReadTotals(extents.Length, wantedCount, bundles, micros);
    }
}
