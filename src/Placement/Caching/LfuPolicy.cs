namespace Neuralink.Placement.Caching;

/// <summary>
/// The key with the fewest uses goes out, of several the one that was not used for longest; a newcomer without more uses than that is refused.
/// Uses are counted of every key, held or not, up to 255, and age: all counts are halved each time so many uses were counted.
/// Source: Einziger, Friedman and Manes, TinyLFU (ACM Transactions on Storage 13, 2017), sections 3.2 and 3.3, with a counter a key instead of a sketch.
/// <para>
/// With linking-aligned admission (<see cref="SegmentAdmission"/>): a use that it refuses is not counted either, so that counts are of uses that cost a read
/// of their own.
/// </para>
/// </summary>
public sealed class LfuPolicy : CachePolicy
{
    private const int CountsMax = byte.MaxValue;

    private readonly long _agingUses;
    private readonly byte[] _counts;            // [keys]
    private readonly bool[] _isHeld;            // [keys]
    private readonly KeyQueue[] _byCount;       // the keys held, by count and last use
    private int _count;
    private int _least;                         // no key with a lower count is held
    private long _usesUntilAging;
    private SegmentAdmission _admission;

    /// <param name="keyCount">Keys there are.</param>
    /// <param name="capacity">Keys held at most.</param>
    /// <param name="options">Aging and admission.</param>
    public LfuPolicy(int keyCount, int capacity, CacheOptions options)
        : base(keyCount, capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.AgingUses, nameof(options));
        _agingUses = (long)Math.Ceiling(options.AgingUses * keyCount);
        _admission = new SegmentAdmission(options);
        _usesUntilAging = _agingUses;
        _counts = new byte[keyCount];
        _isHeld = new bool[keyCount];
        KeyLinks links = new(keyCount);
        _byCount = new KeyQueue[CountsMax + 1];
        for (int count = 0; count < _byCount.Length; count++)
            _byCount[count] = new KeyQueue(links);
    }

    /// <inheritdoc/>
    public override int Count => _count;

    /// <inheritdoc/>
    public override bool Holds(int key) => _isHeld[key];

    /// <inheritdoc/>
    protected override void Use(int key)
    {
        _byCount[_counts[key]].Remove(key);
        CountUse(key);
        _byCount[_counts[key]].Add(key);
        Age();
    }

    /// <inheritdoc/>
    protected override int Take(int key, int segmentSlots)
    {
        if (_count == Capacity && _admission.Refuses(segmentSlots))
            return key;
        CountUse(key);
        int evicted = None;
        if (_count == Capacity)
        {
            while (_byCount[_least].Count == 0)
                _least++;
            evicted = _counts[key] <= _least ? key : _byCount[_least].RemoveOldest();
        }
        if (evicted != key)
        {
            if (evicted != None)
            {
                _isHeld[evicted] = false;
                _count--;
            }
            _isHeld[key] = true;
            _byCount[_counts[key]].Add(key);
            _least = Math.Min(_least, _counts[key]);
            _count++;
        }
        Age();
        return evicted;
    }

    private void CountUse(int key)
    {
        if (_counts[key] < CountsMax)
            _counts[key]++;
    }

    private void Age()
    {
        if (--_usesUntilAging > 0)
            return;
        _usesUntilAging = _agingUses;
        foreach (ref byte count in _counts.AsSpan())
            count /= 2;
        for (int count = 1; count < _byCount.Length; count++)
        {
            for (KeyQueue queue = _byCount[count]; queue.Count > 0;)
                _byCount[count / 2].Add(queue.RemoveOldest());
        }
        _least /= 2;
    }
}
