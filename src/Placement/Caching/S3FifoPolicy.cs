namespace Neuralink.Placement.Caching;

/// <summary>
/// S3-FIFO. A newcomer enters a small queue. At the end of that queue, a key that was used again moves on to the main queue, and any other
/// is evicted. A ghost queue remembers the keys that were evicted from the small queue; such a key enters the main queue at once if it
/// comes back. The main queue is a clock that gives a key up to three more chances. Source: Yang et al., FIFO queues are all you need for
/// cache eviction (SOSP 2023), Algorithm 1. Unlike there, each newcomer evicts exactly one key, and none before the cache is full.
/// <para>
/// It has linking-aligned admission (<see cref="SegmentAdmission"/>). A refused key does not change the ghost queue.
/// </para>
/// </summary>
public sealed class S3FifoPolicy : CachePolicy
{
    private const byte UsesMax = 3;

    // Uses after the first that move a key from the small queue to the main one. With one instead of two nothing changes, so
    // rare is reuse there.
    private const byte PromotedUses = 2;

    private readonly KeyQueue _small;
    private readonly KeyQueue _main;
    private readonly KeyQueue _ghost;
    private readonly int _smallMax;         // at this length, keys leave the small queue
    private readonly int _ghostMax;
    private readonly Place[] _place;        // [keys]
    private readonly byte[] _uses;          // [keys], of held keys: uses since they entered their queue
    private SegmentAdmission _admission;

    /// <param name="keyCount">The number of keys of the model.</param>
    /// <param name="capacity">The most keys that are held.</param>
    /// <param name="options">The shares of the queues and the parameters of admission.</param>
    public S3FifoPolicy(int keyCount, int capacity, CacheOptions options)
        : base(keyCount, capacity)
    {
        _smallMax = Math.Max(1, (int)(options.SmallShare * capacity));
        _ghostMax = (int)(options.GhostShare * capacity);
        KeyLinks links = new(keyCount);
        _small = new KeyQueue(links);
        _main = new KeyQueue(links);
        _ghost = new KeyQueue(links);
        _place = new Place[keyCount];
        _uses = new byte[keyCount];
        _admission = new SegmentAdmission(options);
    }

    private enum Place : byte
    {
        Unknown,
        Small,
        Main,
        Ghost,
    }

    /// <inheritdoc/>
    public override int Count => _small.Count + _main.Count;

    /// <inheritdoc/>
    public override bool Holds(int key) => _place[key] is Place.Small or Place.Main;

    /// <inheritdoc/>
    protected override void Use(int key)
    {
        if (_uses[key] < UsesMax)
            _uses[key]++;
    }

    /// <inheritdoc/>
    protected override int Take(int key, int segmentSlots)
    {
        bool isFull = Count == Capacity;
        if (isFull && _admission.Refuses(segmentSlots))
            return key;
        bool wasGhost = _place[key] == Place.Ghost;
        if (wasGhost)
            _ghost.Remove(key);
        int evicted = isFull ? Evict() : None;
        _uses[key] = 0;
        Put(key, wasGhost ? Place.Main : Place.Small, wasGhost ? _main : _small);
        return evicted;
    }

    private int Evict()
    {
        while (_small.Count >= _smallMax || _main.Count == 0)
        {
            int key = _small.RemoveOldest();
            if (_uses[key] < PromotedUses)
            {
                Remember(key);
                return key;
            }
            _uses[key] = 0;
            Put(key, Place.Main, _main);
            if (_main.Count > Capacity - _smallMax)
                break;
        }
        return EvictMain();
    }

    private int EvictMain()
    {
        int key = _main.RemoveOldest();
        for (; _uses[key] > 0; key = _main.RemoveOldest())
        {
            _uses[key]--;
            _main.Add(key);
        }
        _place[key] = Place.Unknown;
        return key;
    }

    private void Remember(int key)
    {
        _place[key] = Place.Unknown;
        if (_ghostMax == 0)
            return;
        if (_ghost.Count == _ghostMax)
            _place[_ghost.RemoveOldest()] = Place.Unknown;
        Put(key, Place.Ghost, _ghost);
    }

    private void Put(int key, Place place, KeyQueue queue)
    {
        _place[key] = place;
        queue.Add(key);
    }
}
