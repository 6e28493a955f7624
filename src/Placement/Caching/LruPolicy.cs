namespace Neuralink.Placement.Caching;

/// <summary>Evicts the key that was used longest ago. A control.</summary>
public sealed class LruPolicy : CachePolicy
{
    private readonly KeyQueue _queue;       // by last use
    private readonly bool[] _isHeld;        // [keys]

    /// <inheritdoc cref="CachePolicy(int, int)"/>
    public LruPolicy(int keyCount, int capacity)
        : base(keyCount, capacity)
    {
        _queue = new KeyQueue(new KeyLinks(keyCount));
        _isHeld = new bool[keyCount];
    }

    /// <inheritdoc/>
    public override int Count => _queue.Count;

    /// <inheritdoc/>
    public override bool Holds(int key) => _isHeld[key];

    /// <inheritdoc/>
    protected override void Use(int key)
    {
        _queue.Remove(key);
        _queue.Add(key);
    }

    /// <inheritdoc/>
    protected override int Take(int key, int segmentSlots)
    {
        int evicted = None;
        if (Count == Capacity)
        {
            evicted = _queue.RemoveOldest();
            _isHeld[evicted] = false;
        }
        _queue.Add(key);
        _isHeld[key] = true;
        return evicted;
    }
}
