using System.Numerics;
using Neuralink.Placement.Evaluation;
using Neuralink.Placement.Reads;
using Neuralink.Placement.Traces;

namespace Neuralink.Placement.Ordering.Annealing;

/// <summary>
/// What the search makes small: the microseconds that a layer's reads take, with the engine's own planner (<see cref="ReadPlanner"/>). It
/// says what a study of the order would say, and takes a fraction of the time.
/// </summary>
internal sealed class OrderCost
{
    private readonly EvaluationSetup _setup;
    private readonly ReadPlanner _planner;
    private readonly ulong[] _marks;        // [slots], one bit each
    private readonly Slot[] _wanted;
    private readonly Extent[] _extents;

    private OrderCost(int neuronCount, EvaluationSetup setup)
    {
        _setup = setup;
        _planner = new ReadPlanner(setup.Cost, setup.StrideBytes, setup.ExtentSlotsMax, neuronCount);
        _marks = new ulong[(neuronCount + 63) / 64];
        _wanted = new Slot[neuronCount];
        _extents = new Extent[neuronCount];
    }

    /// <summary>The microseconds that reading <paramref name="active"/> takes, from an empty cache on.</summary>
    /// <param name="active">The trace of the layer.</param>
    /// <param name="order">The order of the layer's neurons.</param>
    /// <param name="setup">The device.</param>
    /// <param name="cachedShare">The cache's share of the layer's neurons, 0 to 1.</param>
    public static double MicrosOf(ActivationMatrix active, Permutation order, EvaluationSetup setup, double cachedShare)
    {
        OrderCost cost = new(active.NeuronCount, setup);
        MissedNeurons missed = new(active, cachedShare);
        double micros = 0;
        for (int token = 0; token < active.TokenCount; token++)
            micros += cost.MicrosOf(missed.Next(), order);
        return micros;
    }

    private double MicrosOf(ReadOnlySpan<int> neurons, Permutation order)
    {
        int reads = _planner.Plan(Ascending(neurons, order), bridging: true, _extents);
        double micros = 0;
        foreach (Extent extent in _extents.AsSpan(0, reads))
            micros += _setup.Cost.MicrosOf((long)extent.SlotCount * _setup.StrideBytes);
        return micros;
    }

    // Marking the slots and listing the marks is many times faster than sorting.
    private ReadOnlySpan<Slot> Ascending(ReadOnlySpan<int> neurons, Permutation order)
    {
        foreach (int neuron in neurons)
        {
            int slot = order.SlotOf(new NeuronId(neuron)).Value;
            _marks[slot / 64] |= 1UL << (slot % 64);
        }
        int count = 0;
        for (int word = 0; word < _marks.Length; word++)
        {
            for (ulong bits = _marks[word]; bits != 0; bits &= bits - 1)
                _wanted[count++] = new Slot((word * 64) + BitOperations.TrailingZeroCount(bits));
            _marks[word] = 0;
        }
        return _wanted.AsSpan(0, count);
    }
}
