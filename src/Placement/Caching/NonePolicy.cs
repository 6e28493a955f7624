namespace Neuralink.Placement.Caching;

/// <summary>Holds nothing: every use is a read. The control that shows what a cache is worth.</summary>
public sealed class NonePolicy(int keyCount, int capacity) : CachePolicy(keyCount, capacity)
{
    /// <inheritdoc/>
    public override int Count => 0;

    /// <inheritdoc/>
    public override bool Holds(int key) => false;

    /// <inheritdoc/>
    protected override void Use(int key) => throw new InvalidOperationException("Nothing is held.");

    /// <inheritdoc/>
    protected override int Take(int key, int segmentSlots) => key;
}
