using Neuralink.Placement.Caching;
using Neuralink.Placement.Synthetic;

namespace Neuralink.Placement.Tests.Caching;

/// <summary>Algorithm 1 of the S3-FIFO paper on lists. A list's head is its end; the oldest key is at index 0.</summary>
internal sealed class NaiveS3Fifo(int capacity, CacheOptions options) : NaiveCache
{
    private readonly List<int> _small = [];
    private readonly List<int> _main = [];
    private readonly List<int> _ghost = [];
    private readonly Dictionary<int, int> _frequency = [];
    private SplitMix64 _random = new(options.Seed);

    public override IReadOnlyCollection<int> Held => [.. _small, .. _main];

    private int SmallMax => Math.Max(1, (int)(options.SmallShare * capacity));

    public override void Touch(int key) => _frequency[key] = Math.Min(_frequency[key] + 1, 3);

    public override int Insert(int key, int segmentSlots)
    {
        if (capacity == 0)
            return key;
        bool full = _small.Count + _main.Count == capacity;
        if (full && segmentSlots >= options.SegmentSlots && _random.NextDouble() >= options.SegmentProbability)
            return key;
        bool wasGhost = _ghost.Remove(key);
        int evicted = full ? Evict() : -1;
        _frequency[key] = 0;
        (wasGhost ? _main : _small).Add(key);
        return evicted;
    }

    private int Evict() => _small.Count >= SmallMax || _main.Count == 0 ? EvictSmall() : EvictMain();

    private int EvictSmall()
    {
        int tail = _small[0];
        _small.RemoveAt(0);
        if (_frequency[tail] <= 1)
        {
            _ghost.Add(tail);
            if (_ghost.Count > (int)(options.GhostShare * capacity))
                _ghost.RemoveAt(0);
            return tail;
        }
        _frequency[tail] = 0;
        _main.Add(tail);
        return _main.Count > capacity - SmallMax ? EvictMain() : Evict();
    }

    private int EvictMain()
    {
        int tail = _main[0];
        _main.RemoveAt(0);
        if (_frequency[tail] == 0)
            return tail;
        _frequency[tail]--;
        _main.Add(tail);
        return EvictMain();
    }
}
