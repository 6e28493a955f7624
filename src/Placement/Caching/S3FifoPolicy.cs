namespace Neuralink.Placement.Caching;

/// <summary>
/// S3-FIFO: newcomers enter a small queue, from which those that were used again move on to the main queue and the others go out; the keys that went out from
/// the small queue are remembered in a ghost queue, and enter the main one at once if they come back. The main queue is a clock with up to three chances.
/// Source: Yang et al., FIFO queues are all you need for cache eviction (SOSP 2023), Algorithm 1; other than there, exactly one key goes out for one that
/// comes in, and none does before the cache is full.
/// <para>
/// With linking-aligned admission (<see cref="SegmentAdmission"/>). Whatever is refused leaves the ghost queue as it is.
/// </para>
/// </summary>
public sealed class S3FifoPolicy : CachePolicy
{
    private const byte UsesMax = 3;

    // Of the small queue, after the first. With one instead of two nothing changes: reuse within that queue is as rare as that.
    private const byte PromotedUses = 2;

    private readonly KeyQueue _small;
    private readonly KeyQueue _main;
    private readonly KeyQueue _ghost;
    private readonly int _smallMax;         // from here on keys leave the small queue
    private readonly int _ghostMax;
    private readonly Place[] _place;        // [keys]
    private readonly byte[] _uses;          // [keys], since they came or moved on, where held
    private SegmentAdmission _admission;

    /// <param name="keyCount">Keys there are.</param>
    /// <param name="capacity">Keys held at most.</param>
    /// <param name="options">Shares and admission.</param>
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
