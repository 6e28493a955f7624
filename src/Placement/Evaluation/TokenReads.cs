using System.Numerics;
using Neuralink.Placement.Reads;

namespace Neuralink.Placement.Evaluation;

/// <summary>
/// Plans the reads of one layer at one token with the engine's own planner (<see cref="ReadPlanner"/>), and adds up what they cost. One
/// object serves all layers of one width.
/// </summary>
internal sealed class TokenReads
{
    private readonly EvaluationSetup _setup;
    private readonly ReadPlanner _planner;
    private readonly ulong[] _marks;        // [slots], one bit each
    private readonly Slot[] _wanted;
    private readonly Extent[] _extents;
    private int _wantedCount;

    public TokenReads(int neuronCount, EvaluationSetup setup)
    {
        _setup = setup;
        int extentSlotsMax = Math.Max(1, setup.ReadBytesMax / setup.StrideBytes);
        _planner = new ReadPlanner(setup.Cost, setup.StrideBytes, extentSlotsMax, neuronCount);
        _marks = new ulong[(neuronCount + 63) / 64];
        _wanted = new Slot[neuronCount];
        _extents = new Extent[neuronCount];
    }

    /// <summary>What it costs to read <paramref name="neurons"/>, which may be in any order.</summary>
    public ReadTotals Plan(ReadOnlySpan<int> neurons, Permutation order)
    {
        ReadOnlySpan<Slot> slots = Ascending(neurons, order);
        int reads = _planner.Plan(slots, bridging: true, _extents);
        _wantedCount = slots.Length;
        return Sum(_extents.AsSpan(0, reads), slots.Length);
    }

    /// <summary>
    /// For each slot of the last plan, the length of its segment: the run of neighbouring wanted slots to which it belongs.
    /// </summary>
    /// <param name="segments">[slots]. Slots that are not in the plan keep their values.</param>
    public void CopySegments(Span<int> segments)
    {
        for (int begin = 0, end; begin < _wantedCount; begin = end)
        {
            int first = _wanted[begin].Value;
            end = begin + 1;
            while (end < _wantedCount && _wanted[end].Value == first + end - begin)
                end++;
            segments.Slice(first, end - begin).Fill(end - begin);
        }
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

    private ReadTotals Sum(ReadOnlySpan<Extent> extents, int wantedCount)
    {
        long bundles = 0;
        double micros = 0;
        foreach (Extent extent in extents)
        {
            bundles += extent.SlotCount;
            micros += _setup.Cost.MicrosOf((long)extent.SlotCount * _setup.StrideBytes);
        }
        return new ReadTotals(extents.Length, wantedCount, bundles, micros);
    }
}
