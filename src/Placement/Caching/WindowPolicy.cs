namespace Neuralink.Placement.Caching;

/// <summary>
/// Holds what the last few tokens used, and nothing else. If that is more than the capacity, it holds what was used last. A control.
/// Source: LLM in a flash (arXiv 2312.11514), section 3.1, "the sliding window technique".
/// </summary>
public sealed class WindowPolicy : CachePolicy
{
    private readonly int _windowTokens;
    private readonly KeyQueue _queue;       // by last use
    private readonly bool[] _isHeld;        // [keys]
    private readonly long[] _lastPass;      // [keys], of held keys: the pass that used them last
    private long _pass;

    /// <param name="keyCount">The number of keys of the model.</param>
    /// <param name="capacity">The most keys that are held.</param>
    /// <param name="windowTokens">How many last tokens the window covers, at least 1.</param>
    public WindowPolicy(int keyCount, int capacity, int windowTokens)
        : base(keyCount, capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(windowTokens, 1);
        _windowTokens = windowTokens;
        _queue = new KeyQueue(new KeyLinks(keyCount));
        _isHeld = new bool[keyCount];
        _lastPass = new long[keyCount];
    }

    /// <inheritdoc/>
    public override int Count => _queue.Count;

    /// <inheritdoc/>
    public override bool Holds(int key) => _isHeld[key];

    /// <inheritdoc/>
    public override void EndPass() => _pass++;

    /// <inheritdoc/>
    public override bool TryExpire(out int key)
    {
        key = _queue.Oldest;
        if (key == None || _lastPass[key] >= _pass - _windowTokens)
        {
            key = None;
            return false;
        }
        Evict();
        return true;
    }

    /// <inheritdoc/>
    protected override void Use(int key)
    {
        _queue.Remove(key);
        Append(key);
    }

    /// <inheritdoc/>
    protected override int Take(int key, int segmentSlots)
    {
        int evicted = Count == Capacity ? Evict() : None;
        _isHeld[key] = true;
        Append(key);
        return evicted;
    }

    private void Append(int key)
    {
        _queue.Add(key);
        _lastPass[key] = _pass;
    }

    private int Evict()
    {
        int key = _queue.RemoveOldest();
        _isHeld[key] = false;
        return key;
    }
}
