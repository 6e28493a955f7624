using System.Numerics;
using Neuralink.Placement.Cost;

namespace Neuralink.Placement.Reads;

/// <summary>
/// Access collapse: plans the extents that read every wanted slot once at the least cost. If a read costs a + b·bytes, the best plan reads
/// through every gap of less than the break-even gap a/b, as in Neuralink (arXiv 2410.19274), section "Online stage: access collapse". Real
/// devices have other curves, and reads have a largest size. So the planner uses a dynamic programme over the sorted slots:
/// <code>rest(i) = min over j of T(slots i to j in one extent) + rest(j + 1)</code>
/// The largest read and the widest gap that can pay limit j to a few steps a slot. One thread at a time. Planning does not allocate.
/// </summary>
public sealed class ReadPlanner
{
    private readonly int _slotCount;
    private readonly long[] _keys;      // [slots of an extent], see Keys
    private readonly long[] _rest;      // [wanted], the key of the best plan for the i-th wanted slot and all after it
    private readonly int[] _next;       // [wanted], the index of the wanted slot where that plan's second extent begins

    /// <param name="cost">What reads cost on the device.</param>
    /// <param name="strideBytes">The bytes of a slot, at least 1.</param>
    /// <param name="extentSlotsMax">The longest extent, in slots, at least 1.</param>
    /// <param name="slotCount">The number of slots of a layer, at least 1. Wanted slots are below it.</param>
    public ReadPlanner(ReadCost cost, int strideBytes, int extentSlotsMax, int slotCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(strideBytes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(extentSlotsMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(slotCount, 1);
        _slotCount = slotCount;
        _keys = Keys(cost, strideBytes, Math.Min(extentSlotsMax, slotCount), slotCount);
        _rest = new long[slotCount + 1];
        _next = new int[slotCount];
        GapSlotsMax = WidestGap(_keys);
    }

    /// <summary>
    /// The widest gap, in slots, that any plan reads through. Reading through a wider one costs at least as much as one more read.
    /// </summary>
    public int GapSlotsMax { get; }

    /// <summary>
    /// Plans the extents for <paramref name="wanted"/>. Of all plans of the least cost, it takes one that reads the fewest bytes. Costs are
    /// compared to about a millionth of a read. The extents ascend, do not overlap, and begin and end with a wanted slot.
    /// </summary>
    /// <param name="wanted">The wanted slots, strictly ascending.</param>
    /// <param name="bridging">Whether gaps may be read through; otherwise only neighbours share a read.</param>
    /// <param name="extents">Receives the plan; as long as <paramref name="wanted"/> always suffices.</param>
    /// <returns>The number of extents.</returns>
    /// <exception cref="ArgumentException">
    /// The slots are not strictly ascending slots of the layer, or <paramref name="extents"/> is too short.
    /// </exception>
    public int Plan(ReadOnlySpan<Slot> wanted, bool bridging, Span<Extent> extents)
    {
        if (extents.Length < wanted.Length)
            throw new ArgumentException($"{wanted.Length} extents may be needed, there is room for {extents.Length}.", nameof(extents));
        RequireAscending(wanted);
        FindBest(wanted, bridging ? GapSlotsMax : 0);
        int count = 0;
        for (int first = 0; first < wanted.Length; first = _next[first])
        {
            Slot last = wanted[_next[first] - 1];
            extents[count++] = new Extent(wanted[first], last.Value - wanted[first].Value + 1);
        }
        return count;
    }

    private void FindBest(ReadOnlySpan<Slot> wanted, int gapSlotsMax)
    {
        ReadOnlySpan<long> keys = _keys;
        Span<long> rest = _rest.AsSpan(0, wanted.Length + 1);
        rest[^1] = 0;
        for (int i = wanted.Length - 1; i >= 0; i--)
        {
            int first = wanted[i].Value, after = first;
            ReadOnlySpan<Slot> others = wanted[i..];
            ReadOnlySpan<long> rests = rest.Slice(i + 1, others.Length);
            long best = long.MaxValue;
            int count = 0;
            for (int j = 0; j < others.Length; j++)
            {
                int slot = others[j].Value, length = slot - first + 1;
                if (length >= keys.Length || slot - after > gapSlotsMax)
                    break;
                long key = keys[length] + rests[j];
                // Of equal keys, the longest extent wins. So there are few reads even if a read costs nothing beyond its bytes.
                if (key <= best)
                    (best, count) = (key, j + 1);
                after = slot + 1;
            }
            (rest[i], _next[i]) = (best, i + count);
        }
    }

    /// <summary>
    /// For each length of an extent, its cost and its slots in one number. So one addition and one comparison choose the cheaper plan, and
    /// of plans of the same cost the one with fewer slots. Costs are whole numbers, because rounding could make equal sums of fractions
    /// differ. Their unit is a power of two of microseconds: the finest for which a layer's most expensive plan still fits.
    /// </summary>
    private static long[] Keys(ReadCost cost, int strideBytes, int extentSlotsMax, int slotCount)
    {
        // Room for the slots of a whole plan, and of one more extent while it is tried.
        int slotBits = BitOperations.Log2((uint)slotCount) + 2;
        double microsMax = (slotCount * cost.MicrosOf(strideBytes)) + cost.MicrosOf((long)extentSlotsMax * strideBytes);
        int unitExponent = 61 - slotBits - Math.ILogB(microsMax);
        long[] keys = new long[extentSlotsMax + 1];
        for (int slots = 1; slots <= extentSlotsMax; slots++)
        {
            double units = Math.ScaleB(cost.MicrosOf((long)slots * strideBytes), unitExponent);
            keys[slots] = ((long)Math.Round(units) << slotBits) + slots;
        }
        return keys;
    }

    /// <summary>
    /// A gap can pay if the extent that spans it costs less than two extents for the parts on either side. For each sum of the parts'
    /// slots, this compares with the split that costs the most.
    /// </summary>
    private static int WidestGap(long[] keys)
    {
        int widest = 0, length = 0;
        for (int parts = 2; parts < keys.Length; parts++)
        {
            long apart = 0;
            for (int left = 1; left <= parts / 2; left++)
                apart = Math.Max(apart, keys[left] + keys[parts - left]);
            length = Math.Max(length, parts);
            while (length + 1 < keys.Length && keys[length + 1] < apart)
                length++;
            widest = Math.Max(widest, length - parts);
        }
        return widest;
    }

    private void RequireAscending(ReadOnlySpan<Slot> wanted)
    {
        int last = -1;
        foreach (Slot slot in wanted)
        {
            if (slot.Value <= last)
                throw new ArgumentException($"Slots must ascend strictly from 0: {slot.Value} follows {last}.", nameof(wanted));
            last = slot.Value;
        }
        if (last >= _slotCount)
            throw new ArgumentException($"The layer has {_slotCount} slots, {last} is wanted.", nameof(wanted));
    }
}
