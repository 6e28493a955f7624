using System.Numerics;
using Neuralink.Placement.Reads;
using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Evaluation;

/// <summary>
/// What an order of one layer costs to read from: plays a trace token by token through a cache and the very planner of the engine
/// (<see cref="ReadPlanner"/>), and adds up what the plans cost.
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
        ReadPlanner planner = new(setup.Cost, setup.StrideBytes, Math.Max(1, setup.ReadBytesMax / setup.StrideBytes), firing.NeuronCount);
        MissedNeurons missed = new(firing, setup);
        ulong[] marks = new ulong[firing.WordsPerToken];
        Slot[] wanted = new Slot[firing.NeuronCount];
        Extent[] extents = new Extent[firing.NeuronCount];
        ReadTotals totals = default;
        for (int token = 0; token < firing.TokenCount; token++)
        {
            ReadOnlySpan<Slot> slots = Ascending(missed.Next(), order, marks, wanted);
            int reads = planner.Plan(slots, bridging: true, extents);
            totals += Sum(extents.AsSpan(0, reads), slots.Length, setup);
        }
        return totals;
    }

    // Marked and listed, which is many times faster than sorting.
    private static ReadOnlySpan<Slot> Ascending(ReadOnlySpan<int> neurons, Permutation order, Span<ulong> marks, Span<Slot> slots)
    {
        foreach (int neuron in neurons)
        {
            int slot = order.SlotOf(new NeuronId(neuron)).Value;
            marks[slot / 64] |= 1UL << (slot % 64);
        }
        int count = 0;
        for (int word = 0; word < marks.Length; word++)
        {
            for (ulong bits = marks[word]; bits != 0; bits &= bits - 1)
                slots[count++] = new Slot((word * 64) + BitOperations.TrailingZeroCount(bits));
            marks[word] = 0;
        }
        return slots[..count];
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
