namespace Neuralink.Placement.Caching;

/// <summary>A hot set of keys that never go out once they came in, each with a place kept for it; another policy rules over the other places.</summary>
public sealed class PinnedPolicy : CachePolicy
{
    private readonly CachePolicy _others;
    private readonly bool[] _isPinned;      // [keys]
    private readonly bool[] _isHeld;        // [keys], of those pinned
    private int _pinnedHeld;

    /// <param name="pinned">The hot set, each key once.</param>
    /// <param name="others">Rules over the rest of the capacity, and over the same keys.</param>
    public PinnedPolicy(ReadOnlySpan<int> pinned, CachePolicy others)
        : base(others.KeyCount, others.Capacity + pinned.Length)
    {
        _others = others;
        _isPinned = new bool[KeyCount];
        _isHeld = new bool[KeyCount];
        foreach (int key in pinned)
        {
            if (_isPinned[key])
                throw new ArgumentException($"Key {key} is pinned twice.", nameof(pinned));
            _isPinned[key] = true;
        }
    }

    /// <inheritdoc/>
    public override int Count => _pinnedHeld + _others.Count;

    /// <inheritdoc/>
    public override bool Holds(int key) => _isHeld[key] || _others.Holds(key);

    /// <inheritdoc/>
    public override void EndPass() => _others.EndPass();

    /// <inheritdoc/>
    public override bool TryExpire(out int key) => _others.TryExpire(out key);

    /// <inheritdoc/>
    protected override void Use(int key)
    {
        if (!_isPinned[key])
            _others.Touch(key);
    }

    /// <inheritdoc/>
    protected override int Take(int key, int segmentSlots)
    {
        if (!_isPinned[key])
            return _others.Insert(key, segmentSlots);
        _isHeld[key] = true;
        _pinnedHeld++;
        return None;
    }
}
