namespace Neuralink.Placement;

/// <summary>
/// Access collapse: which extents to read so that every wanted slot is read, once, and few reads are issued.
/// Two wanted slots with at most <c>gapSlotsMax</c> unwanted ones between them are read as one extent, the gap included:
/// with a read cost of a + b·bytes that is optimal when the gap is the break-even gap a/b (bandwidth / IOPS).
/// Source: Neuralink (arXiv 2410.19274), section "Online stage: access collapse".
/// </summary>
public static class AccessCollapse
{
    /// <summary>Plans the extents for <paramref name="wanted"/>, in ascending order, disjoint, each starting and ending with a wanted slot.</summary>
    /// <param name="wanted">The wanted slots, strictly ascending.</param>
    /// <param name="gapSlotsMax">The widest gap, in slots, that is read through; 0 joins only neighbours.</param>
    /// <param name="extentSlotsMax">The longest extent, in slots, at least 1.</param>
    /// <param name="extents">Receives the plan; as long as <paramref name="wanted"/> always suffices.</param>
    /// <returns>The number of extents.</returns>
    /// <exception cref="ArgumentException">The slots are not strictly ascending, or <paramref name="extents"/> is too short.</exception>
    public static int Plan(ReadOnlySpan<Slot> wanted, int gapSlotsMax, int extentSlotsMax, Span<Extent> extents)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(gapSlotsMax);
        ArgumentOutOfRangeException.ThrowIfLessThan(extentSlotsMax, 1);
        if (extents.Length < wanted.Length)
            throw new ArgumentException($"{wanted.Length} extents may be needed, there is room for {extents.Length}.", nameof(extents));
        if (wanted.IsEmpty)
            return 0;

        int count = 0;
        int first = wanted[0].Value, last = first;
        foreach (Slot slot in wanted[1..])
        {
            if (slot.Value <= last)
                throw new ArgumentException($"Slots must ascend strictly: {slot.Value} follows {last}.", nameof(wanted));
            if (slot.Value - last - 1 > gapSlotsMax || slot.Value - first + 1 > extentSlotsMax)
            {
                extents[count++] = new Extent(new Slot(first), last - first + 1);
                first = slot.Value;
            }
            last = slot.Value;
        }
        extents[count++] = new Extent(new Slot(first), last - first + 1);
        return count;
    }
}
