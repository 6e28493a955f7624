namespace Neuralink.Placement.Caching;

/// <summary>
/// Evicts the key with the fewest uses; of several such keys, the one that was used longest ago. A newcomer is refused if it was not used
/// more often than that key. The policy counts the uses of every key, held or not, up to 255. Counts age: all are halved after a certain
/// number of uses. Source: Einziger, Friedman and Manes, TinyLFU (ACM Transactions on Storage 13, 2017), sections 3.2 and 3.3. Here each
/// key has a counter of its own instead of a sketch.
/// <para>
/// It has linking-aligned admission (<see cref="SegmentAdmission"/>). A use that the admission refuses is not counted: counts are of uses
/// that cost a read of their own.
/// </para>
/// </summary>
public sealed class LfuPolicy : CachePolicy
{
    private const int CountsMax = byte.MaxValue;

    private readonly long _agingUses;
    private readonly byte[] _counts;            // [keys]
    private readonly bool[] _isHeld;            // [keys]
    private readonly KeyQueue[] _byCount;       // [counts], the held keys with that count, by last use
    private int _count;
    private int _least;                         // a lower bound of the held keys' counts
    private long _usesUntilAging;
    private SegmentAdmission _admission;

    /// <param name="keyCount">The number of keys of the model.</param>
    /// <param name="capacity">The most keys that are held.</param>
    /// <param name="options">Parameters of aging and admission.</param>
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
            Hold(key);
        }
        Age();
        return evicted;
    }

    /// <inheritdoc/>
    protected override int TakeUnused(int key)
    {
        Hold(key);
        return None;
    }

    private void Hold(int key)
    {
        _isHeld[key] = true;
        _byCount[_counts[key]].Add(key);
        _least = Math.Min(_least, _counts[key]);
        _count++;
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
