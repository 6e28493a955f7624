using Neuralink.Placement.Caching;
using Neuralink.Placement.Synthetic;

namespace Neuralink.Placement.Tests.Caching;

/// <summary>
/// Counts of all keys, and of those held the order in which equal ones go. A use puts a key last among its equals; a halving keeps the order of counts, and
/// within a count that of before.
/// </summary>
internal sealed class NaiveLfu(int keyCount, int capacity, CacheOptions options) : NaiveCache
{
    private readonly Dictionary<int, int> _counts = [];
    private List<int> _order = [];          // the held keys; whichever goes first comes first among those of its count
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
