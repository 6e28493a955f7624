using Neuralink.Pipeline.Fetching;
using Neuralink.Pipeline.Metrics;
using Neuralink.Pipeline.Prediction;
using Neuralink.Pipeline.Residency;
using Neuralink.Placement;
using Neuralink.Placement.Caching;

namespace Neuralink.Pipeline.Tests.Residency;

/// <summary>
/// A <see cref="CacheState"/> driven as the Cache actor drives it, beside a record of what was read into each frame. What is evicted is the
/// policy's
/// choice; all else is checked: contents of leases, limits, and counts.
/// </summary>
internal sealed class CacheModel
{
    public const int KeyCount = LayerCount * NeuronCount;

    private const int LayerCount = 3;
    private const int NeuronCount = 16;
    private static readonly NeuronKeys s_keys = new(LayerCount, NeuronCount);

    private readonly CacheLimits _limits;
    private readonly CachePolicy _policy;
    private readonly CacheState _state;
    private readonly Permutation _placement = Permutation.Identity(NeuronCount);
    private readonly Random _random;
    private readonly FrameLease[] _leases;                                // of a wave, and of the one after it
    private readonly List<FetchBatch> _inFlight = [];
    private readonly Dictionary<int, int> _content = [];                  // frame -> the key last read into it
    private readonly HashSet<int> _ahead = [];                            // keys prefetched and there, not asked for
    private readonly HashSet<int> _aheadLoading = [];
    private readonly HashSet<int> _failed = [];                           // frames under the lease whose read failed
    private readonly Dictionary<int, int> _leased = [];                   // frame -> key
    private readonly LayerCounters _counts = new(LayerCount);
    private readonly Dictionary<Counter, long> _expected = Counted.ToDictionary(counter => counter, _ => 0L);
    private long _nextFetch;

    public CacheModel(CacheLimits limits, CachePolicy policy, int seed)
    {
        _limits = limits;
        _policy = policy;
        _state = new CacheState(limits, s_keys, policy, new LookaheadGate(LayerCount, 0), _counts);
        _leases = [new FrameLease(limits.LeasedMax, limits.FrameCount), new FrameLease(limits.LeasedMax, limits.FrameCount)];
        _random = new Random(seed);
    }

    private static Counter[] Counted { get; } =
    [
        Counter.Wanted, Counter.CacheHits, Counter.Prefetched, Counter.PrefetchOnTime, Counter.PrefetchLate, Counter.PrefetchWasted,
        Counter.DemandMisses,
    ];

    public LayerCounters Counts => _counts;

    public void Step()
    {
        switch (_random.Next(7))
        {
            case 0 or 1:
                Prefetch(_random.Next(LayerCount), RandomNeurons());
                break;
            case 2 when _leases.Any(lease => lease.Count == 0) && _leased.Count < _limits.LeasedMax:
                Lease(_random.Next(LayerCount), RandomNeurons());
                break;
            case 3 when _inFlight.Count > 0:
                Settle(_random.Next(_inFlight.Count), fails: _random.Next(5) == 0);
                break;
            case 4:
                Release(_leases[_random.Next(_leases.Length)]);
                break;
            case 5:
                EndLayer(_random.Next(LayerCount));
                break;
            case 6:
                EndPass();
                break;
        }
        Check();
    }

    /// <summary>As after an abandoned pass: all reads come back, all leases are returned.</summary>
    public void Finish()
    {
        while (_inFlight.Count > 0)
            Settle(0, fails: _random.Next(2) == 0);
        ReleaseAll();
        EndLayer(layer: null);
        Check();
        _state.LeasedCount.Should().Be(0);
        _state.PrefetchedCount.Should().Be(0);
    }

    /// <summary>Leases, reads and releases.</summary>
    public void Use(int layer, params int[] neurons)
    {
        Lease(layer, neurons);
        while (_inFlight.Count > 0)
            Settle(0, fails: false);
        ReleaseAll();
        Check();
    }

    public void LeaseTwice() => _state.Lease(new(0), _placement, Ids([2]), LeaseOfOne(), NewBatch(0, FetchKind.Demand));

    public void LeaseTooMuch() =>
        _state.Lease(new(0), _placement, Ids([.. Enumerable.Range(0, _limits.LeasedMax + 1)]), _leases[0], NewBatch(0, FetchKind.Demand));

    public void ReleaseEarly() => _state.Release(LeaseOfOne());

    private FrameLease LeaseOfOne()
    {
        Lease(0, [1]);
        return _leases[0];
    }

    private void Prefetch(int layer, int[] neurons)
    {
        FetchBatch misses = NewBatch(layer, FetchKind.Prefetch);
        _state.Prefetch(new(layer), _placement, Ids(neurons), (LookaheadRank)_random.Next(2), misses);
        _expected[Counter.Prefetched] += misses.Count;
        foreach (Slot slot in misses.Slots)
            _aheadLoading.Add(Key(layer, slot.Value)).Should().BeTrue("nothing is read twice");
        Send(misses);
    }

    private void Lease(int layer, int[] neurons)
    {
        FrameLease lease = _leases.First(lease => lease.Count == 0);
        FetchBatch misses = NewBatch(layer, FetchKind.Demand);
        int[] left = [.. neurons.Where(n => !_leased.ContainsValue(Key(layer, n)))];
        int taken = _limits.WaveOf(left.Length, _leased.Count);
        neurons = left[..taken];
        int cachedBefore = _state.CachedCount, known = neurons.Count(n => _policy.Holds(Key(layer, n)));
        _state.Lease(new(layer), _placement, Ids(neurons), lease, misses);
        lease.Close(earlierCount: 0, isLastWave: true);
        lease.Count.Should().Be(taken);
        _expected[Counter.Wanted] += taken;
        HashSet<int> missing = [.. misses.Slots.ToArray().Select(s => s.Value)];
        int[] hits = lease.Hits.ToArray(), frames = lease.Frames.ToArray();
        int[] all = [.. hits, .. lease.Rest.ToArray()];
        all.Should().BeEquivalentTo(Enumerable.Range(0, taken), "every ordinal is readable at once or later");
        int cacheHits = 0;
        for (int ordinal = 0; ordinal < taken; ordinal++)
        {
            int key = Key(layer, neurons[ordinal]);
            bool isHit = hits.Contains(ordinal);
            _leased.Add(frames[ordinal], key);
            if (missing.Contains(neurons[ordinal]))
            {
                _expected[Counter.DemandMisses]++;
                isHit.Should().BeFalse();
                continue;
            }
            _content[frames[ordinal]].Should().Be(key, "that is what was read into frame {0}", frames[ordinal]);
            isHit.Should().Be(!_aheadLoading.Contains(key));
            if (_aheadLoading.Remove(key))
                _expected[Counter.PrefetchLate]++;
            else if (_ahead.Remove(key))
                _expected[Counter.PrefetchOnTime]++;
            else
                cacheHits++;
        }
        _expected[Counter.CacheHits] += cacheHits;
        _state.CachedCount.Should().Be(cachedBefore - cacheHits);
        cacheHits.Should().Be(known, "what the policy holds is in a frame");
        Send(misses);
    }

    private void Settle(int index, bool fails)
    {
        FetchBatch batch = _inFlight[index];
        _inFlight.RemoveAt(index);
        FetchBatch again = new(_limits.FetchMax);
        again.Reset(batch.Id, batch.Layer, FetchKind.Demand);
        if (!fails)
            _state.Complete(batch);
        else if (batch.IsDemand || _random.Next(2) == 0)
            _state.Fail(batch);
        else
            _state.FailAhead(batch, again);
        for (int i = 0; i < batch.Count; i++)
        {
            int key = Key(batch.Layer.Value, batch.Slots[i].Value);
            bool wasAhead = _aheadLoading.Remove(key);
            if (!fails && wasAhead)
                _ahead.Add(key);
            else if (wasAhead)
                _expected[Counter.PrefetchWasted]++;
            else if (fails && !again.Frames.Contains(batch.Frames[i]))
                _failed.Add(batch.Frames[i]);
        }
        again.Frames.ToArray().All(_leased.ContainsKey).Should().BeTrue("only what a layer waits for is read again");
        Send(again);
    }

    private void ReleaseAll()
    {
        foreach (FrameLease lease in _leases)
            Release(lease);
    }

    private void Release(FrameLease lease)
    {
        int[] frames = lease.Frames.ToArray();
        if (_inFlight.Any(batch => frames.Any(frame => batch.Frames.Contains(frame))))
            return;
        int newcomers = frames.Count(frame => !_failed.Contains(frame) && !_policy.Holds(_leased[frame])), before = _policy.Count;
        _state.Release(lease);
        CheckGrowth(before, newcomers);
        foreach (int frame in frames)
        {
            if (_failed.Remove(frame))
                _content.Remove(frame);
            _leased.Remove(frame);
        }
        _state.CachedCount.Should().Be(_policy.Count - _leased.Values.Count(_policy.Holds), "what it holds is at rest or leased");
    }

    private void EndLayer(int? layer)
    {
        int[] vain = [.. _ahead.Where(key => layer is null || key / NeuronCount <= layer)];
        int before = _policy.Count;
        if (layer is { } through)
            _state.EndLayer(new(through));
        else
            _state.DropPass();
        _expected[Counter.PrefetchWasted] += vain.Length;
        _ahead.ExceptWith(vain);
        _policy.Count.Should().Be(before, "what nobody wanted is dropped");
    }

    private void EndPass()
    {
        int before = _policy.Count;
        _state.EndPass();
        _policy.Count.Should().BeLessThanOrEqualTo(before);
        _policy.TryExpire(out _).Should().BeFalse("all that outlived its time is gone");
    }

    // A pinned set may keep places for keys that have not come yet.
    private void CheckGrowth(int before, int newcomers)
    {
        int expected = _policy is NonePolicy ? 0 : Math.Min(_policy.Capacity, before + newcomers);
        if (_policy is PinnedPolicy)
            _policy.Count.Should().BeInRange(before, expected);
        else
            _policy.Count.Should().Be(expected, "nothing is evicted without need");
    }

    private void Check()
    {
        _state.CheckInvariants();
        _state.CachedCount.Should().BeLessThanOrEqualTo(_limits.CachedMax);
        _state.LeasedCount.Should().Be(_leased.Count).And.BeLessThanOrEqualTo(_limits.LeasedMax);
        _state.PrefetchedCount.Should().Be(_ahead.Count + _aheadLoading.Count).And.BeLessThanOrEqualTo(_limits.PrefetchedMax);
        Counted.Should().AllSatisfy(counter => _counts[counter].Should().Be(_expected[counter], "of {0}", counter));
        (_counts[Counter.CacheHits] + _counts[Counter.PrefetchOnTime] + _counts[Counter.PrefetchLate] + _counts[Counter.DemandMisses])
            .Should().Be(_counts[Counter.Wanted]);
    }

    private void Send(FetchBatch batch)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            int frame = batch.Frames[i];
            int key = Key(batch.Layer.Value, batch.Slots[i].Value);
            if (_leased.TryGetValue(frame, out int holder))
                holder.Should().Be(key, "leased frame {0} is not to be read into for another", frame);
            _inFlight.Any(other => other.Frames.Contains(frame)).Should().BeFalse("frame {0} is being read into", frame);
            bool wasAhead = _content.TryGetValue(frame, out int old) && _ahead.Contains(old);
            wasAhead.Should().BeFalse("a prefetched bundle stays until its layer is through");
            foreach (int evictedFrom in _content.Where(pair => pair.Value == key).Select(pair => pair.Key).ToArray())
                _content.Remove(evictedFrom);
            _content[frame] = key;
        }
        if (batch.Count > 0)
            _inFlight.Add(batch);
    }

    private FetchBatch NewBatch(int layer, FetchKind kind)
    {
        FetchBatch batch = new(_limits.FetchMax);
        batch.Reset(_nextFetch++, new(layer), kind);
        return batch;
    }

    private int[] RandomNeurons() => [.. Enumerable.Range(0, NeuronCount).Where(_ => _random.Next(3) == 0)];

    private static int Key(int layer, int neuron) => s_keys.Of(new(layer), new(neuron)).Value;

    private static NeuronId[] Ids(int[] neurons) => Array.ConvertAll(neurons, n => new NeuronId(n));
}
