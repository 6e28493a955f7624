namespace Neuralink.Placement;

/// <summary>One contiguous read: <paramref name="SlotCount"/> bundles from <paramref name="First"/> on.</summary>
public readonly record struct Extent(Slot First, int SlotCount)
{
    /// <summary>The slot after the last one read.</summary>
    public Slot End => new(First.Value + SlotCount);
}
