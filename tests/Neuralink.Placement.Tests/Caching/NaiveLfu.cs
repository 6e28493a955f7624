using Neuralink.Placement.Caching;
using Neuralink.Placement.Synthetic;

namespace Neuralink.Placement.Tests.Caching;

/// <summary>
/// The counts of all keys, and the order in which held keys of equal count are evicted. A use puts a key last among those of its count. A
/// halving keeps the order of the counts, and of keys within a count.
/// </summary>
internal sealed class NaiveLfu(int keyCount, int capacity, CacheOptions options) : NaiveCache
{
    private readonly Dictionary<int, int> _counts = [];
    private List<int> _order = [];          // the held keys; among those of a count, the first is evicted first
    private SplitMix64 _random = new(options.Seed);
    private int _uses;

    public override IReadOnlyCollection<int> Held => _order;

    public override void Touch(int key)
    {
        Count(key);
        _order.Remove(key);
        _order.Add(key);
        Age();
    }

    public override int Insert(int key, int segmentSlots)
    {
        if (capacity == 0)
            return key;
        if (_order.Count == capacity && segmentSlots >= options.SegmentSlots && _random.NextDouble() >= options.SegmentProbability)
            return key;
        Count(key);
        int evicted = -1;
        if (_order.Count == capacity)
        {
            int least = _order.MinBy(held => _counts[held]);
            evicted = _counts[key] <= _counts[least] ? key : least;
            _order.Remove(evicted);
        }
        if (evicted != key)
            _order.Add(key);
        Age();
        return evicted;
    }

    private void Count(int key) => _counts[key] = Math.Min(255, _counts.GetValueOrDefault(key) + 1);

    private void Age()
    {
        if (++_uses < options.AgingUses * keyCount)
            return;
        _uses = 0;
        _order = [.. _order.OrderBy(key => _counts[key])];
        foreach (int key in _counts.Keys)
            _counts[key] /= 2;
    }
}
