using Neuralink.Pipeline.Fetching;
using Neuralink.Pipeline.Metrics;
using Neuralink.Pipeline.Prediction;
using Neuralink.Placement;
using Neuralink.Placement.Caching;

namespace Neuralink.Pipeline.Residency;

/// <summary>
/// Which bundles are in DRAM and what for. A frame is free, loading, or resident; a resident one is leased (a layer computes with it),
/// prefetched (not yet asked for) or cached (at rest). The policy chooses which rest. It knows a bundle from when it first comes to rest,
/// also while it is leased again; should it give up one that is leased, that one is offered anew when the lease ends.
/// </summary>
internal sealed class CacheState
{
    private readonly CacheLimits _limits;
    private readonly NeuronKeys _keys;
    private readonly CachePolicy _policy;
    private readonly LayerCounters _counts;
    private readonly FrameTable _frames;
    private readonly PrefetchList _prefetched;
    private readonly BridgeLog _bridges;
    private readonly WarmUp _warmUp;

    /// <param name="limits">How the frames are shared out.</param>
    /// <param name="keys">The model's neurons.</param>
    /// <param name="policy">Rules over the cached frames.</param>
    /// <param name="gate">Whether to read ahead.</param>
    /// <param name="counts">Has the counters of the Cache.</param>
    /// <param name="warmUp">What fills the empty cache; null leaves that to the layers that want something.</param>
    public CacheState(
        CacheLimits limits, NeuronKeys keys, CachePolicy policy, LookaheadGate gate, LayerCounters counts, WarmUpPlan? warmUp = null)
    {
        if (policy.KeyCount != keys.Count || policy.Capacity > limits.CachedMax)
        {
            throw new ArgumentException(
                $"{keys.Count} keys and a capacity of at most {limits.CachedMax} expected, {policy.KeyCount} and {policy.Capacity} given.",
                nameof(policy));
        }
        _limits = limits;
        _keys = keys;
        _policy = policy;
        _counts = counts;
        _frames = new FrameTable(limits.FrameCount, keys.Count);
        _prefetched = new PrefetchList(_frames, limits.PrefetchedMax);
        Lookahead = new LookaheadAccuracy(keys, gate, counts);
        _bridges = new BridgeLog(keys, counts);
        _warmUp = new WarmUp(warmUp, keys, _frames, policy, counts);
    }

    /// <summary>Bundles at rest.</summary>
    public int CachedCount { get; private set; }

    public int LeasedCount { get; private set; }

    /// <summary>What lookahead named, and how far it is trusted.</summary>
    public LookaheadAccuracy Lookahead { get; }

    public int PrefetchedCount => _prefetched.Count;

    /// <summary>Bundles being read because there is room for them.</summary>
    public int WarmingUpCount => _warmUp.LoadingCount;

    /// <summary>Whether all that fills the empty cache has been asked for.</summary>
    public bool IsWarmedUp => _warmUp.IsDone;

    /// <summary>The layer to go on filling when <paramref name="layer"/> was served last. While not <see cref="IsWarmedUp"/>.</summary>
    public LayerIndex NextToWarmUp(LayerIndex layer) => _warmUp.NextLayer(layer);

    /// <summary>Adds the next bundles that the cache has room for, none where nothing is left of the layer.</summary>
    public void WarmUp(LayerIndex layer, Permutation placement, FetchBatch batch) => _warmUp.AddNext(layer, placement, batch);

    /// <summary>Leases frames for neurons of a layer; those not resident are added to <paramref name="misses"/>.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="placement">Its order on flash.</param>
    /// <param name="neurons">Ascending; with what is leased already no more than may be.</param>
    /// <param name="lease">Filled, for the caller to close.</param>
    /// <param name="misses">Reset by the caller; to be fetched unless empty.</param>
    public void Lease(LayerIndex layer, Permutation placement, ReadOnlySpan<NeuronId> neurons, FrameLease lease, FetchBatch misses)
    {
        if (lease.Count > 0 || LeasedCount + neurons.Length > _limits.LeasedMax)
        {
            throw new InvalidOperationException(
                $"{LeasedCount} frames are leased already, {lease.Count} of them by this lease; {neurons.Length} more are asked for, and "
                + $"{_limits.LeasedMax} there may be.");
        }
        lease.Reset();
        foreach (NeuronId neuron in neurons)
        {
            NeuronKey key = _keys.Of(layer, neuron);
            Lookahead.Want(layer, key);
            lease.Announce(neuron);
            int frame = _frames.FrameOf(key);
            if (frame == FrameTable.None)
            {
                frame = Read(layer, key, placement.SlotOf(neuron), FrameUse.LeasedLoading, misses);
                lease.AddPending(frame, misses.Id);
                _counts.Add(layer, Counter.DemandMisses);
            }
            else
            {
                Claim(layer, frame, lease);
            }
            LeasedCount++;
        }
        _counts.Add(layer, Counter.Wanted, neurons.Length);
    }

    /// <summary>
    /// Adds what is not resident to <paramref name="misses"/>, as far as there are frames for prefetches and the gate lets that layer's
    /// lookahead pass.
    /// </summary>
    public void Prefetch(
        LayerIndex layer, Permutation placement, ReadOnlySpan<NeuronId> neurons, LookaheadRank rank, FetchBatch misses)
    {
        int room = Lookahead.IsTrusted(layer, rank) ? _limits.PrefetchedMax - PrefetchedCount : 0;
        foreach (NeuronId neuron in neurons)
        {
            NeuronKey key = _keys.Of(layer, neuron);
            bool isMissing = _frames.FrameOf(key) == FrameTable.None;
            Lookahead.Name(layer, key, rank, isMissing);
            if (!isMissing || room == 0)
                continue;
            room--;
            _prefetched.Add(Read(layer, key, placement.SlotOf(neuron), FrameUse.PrefetchedLoading, misses));
            _counts.Add(layer, Counter.Prefetched);
        }
    }

    /// <summary>Adds the bundles of a stretch of slots that are not there, as far as there are frames for what is read ahead.</summary>
    /// <returns>The first slot that was not looked at.</returns>
    public int ReadAhead(LayerIndex layer, Permutation placement, int begin, int end, FetchBatch misses)
    {
        int slot = begin;
        for (; slot < end && PrefetchedCount < _limits.PrefetchedMax; slot++)
        {
            NeuronKey key = _keys.Of(layer, placement.NeuronAt(new Slot(slot)));
            if (_frames.FrameOf(key) != FrameTable.None)
                continue;
            _prefetched.Add(Read(layer, key, new Slot(slot), FrameUse.PrefetchedLoading, misses));
            _counts.Add(layer, Counter.Prefetched);
        }
        return slot;
    }

    /// <summary>Takes a fetched batch in, which was planned: its bundles are resident.</summary>
    public void Complete(FetchBatch batch)
    {
        ReadOnlySpan<Slot> slots = batch.Slots;
        for (int begin = 0, end; begin < slots.Length; begin = end)
        {
            end = begin + 1;
            while (end < slots.Length && slots[end].Value == slots[end - 1].Value + 1)
                end++;
            foreach (int index in batch.Frames[begin..end])
            {
                ref Frame frame = ref _frames[index];
                frame.SegmentSlots = end - begin;
                if (frame.Use == FrameUse.WarmingUp)
                    EndWarmUp(index);
                else
                    frame.Use = frame.Use == FrameUse.LeasedLoading ? FrameUse.Leased : FrameUse.Prefetched;
            }
        }
    }

    /// <summary>Takes a failed batch back: its frames hold nothing. Those under a lease stay with it until it is released.</summary>
    public void Fail(FetchBatch batch)
    {
        foreach (int frame in batch.Frames)
        {
            if (_frames[frame].Use == FrameUse.LeasedLoading)
                _frames[frame].Use = FrameUse.LeasedFailed;
            else
                DropAhead(frame);
        }
    }

    /// <summary>
    /// Takes a failed batch back that nobody waited for when it was asked for. What a lease waits for meanwhile goes on loading. It is
    /// added to <paramref name="again"/>, which has the same id.
    /// </summary>
    public void FailAhead(FetchBatch batch, FetchBatch again)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            int frame = batch.Frames[i];
            if (_frames[frame].Use == FrameUse.LeasedLoading)
                again.Add(batch.Slots[i], frame);
            else
                DropAhead(frame);
        }
    }

    /// <summary>
    /// Ends a lease: its bundles come to rest, those that were there before first, and what the policy gives up is evicted.
    /// </summary>
    public void Release(FrameLease lease)
    {
        ReadOnlySpan<int> frames = lease.Frames.Span;
        foreach (int frame in frames)
        {
            LeasedCount--;
            switch (_frames[frame].Use)
            {
                case FrameUse.Leased:
                    if (_policy.Holds(_frames[frame].Key.Value))
                        Cache(frame);
                    break;
                case FrameUse.LeasedFailed:
                    _frames.Free(frame);
                    break;
                default:
                    throw new InvalidOperationException($"Frame {frame} is {_frames[frame].Use} and cannot be released.");
            }
        }
        foreach (int frame in frames)
        {
            if (_frames[frame].Use == FrameUse.Leased)
                OfferToPolicy(frame);
        }
        lease.Reset();
    }

    /// <summary>Takes note of what a fetched batch read only because it lay in a gap, and dropped.</summary>
    public void NoteBridges(FetchBatch batch, Permutation placement) => _bridges.Note(batch, placement);

    /// <summary>A pass is through all layers: what outlived its time is evicted.</summary>
    public void EndPass()
    {
        Lookahead.EndPass();
        _bridges.EndPass();
        _policy.EndPass();
        while (_policy.TryExpire(out int key))
            Evict(new NeuronKey(key));
    }

    /// <summary>A pass was dropped, or the text ended: nothing is prefetched for it any more.</summary>
    public void DropPass()
    {
        Lookahead.DropPass();
        _bridges.EndPass();
        DropPrefetched(first: default, new LayerIndex(int.MaxValue));
    }

    /// <summary>
    /// The layers up to <paramref name="layer"/> are through: what was prefetched for them in vain is dropped. What is still loading
    /// stays prefetched until it is asked for or a later call finds it.
    /// </summary>
    /// <param name="layer">The last that is through.</param>
    /// <param name="first">The first to drop from: a stream reads ahead to earlier layers of the next pass too.</param>
    public void EndLayer(LayerIndex layer, LayerIndex first = default)
    {
        Lookahead.EndLayer(layer);
        DropPrefetched(first, layer);
    }

    /// <summary>Throws unless every frame is accounted for and every limit kept.</summary>
    public void CheckInvariants()
    {
        Span<int> counts = stackalloc int[Enum.GetValues<FrameUse>().Length];
        int known = 0;
        for (int index = 0; index < _frames.FrameCount; index++)
        {
            ref Frame frame = ref _frames[index];
            counts[(int)frame.Use]++;
            if (frame.Use == FrameUse.Free)
                continue;
            if (_frames.FrameOf(frame.Key) != index)
                throw new InvalidOperationException($"Frame {index} holds a bundle that is not mapped to it.");
            bool isKnown = _policy.Holds(frame.Key.Value);
            known += isKnown ? 1 : 0;
            if (isKnown ? frame.Use is not (FrameUse.Cached or FrameUse.Leased) : frame.Use == FrameUse.Cached)
                throw new InvalidOperationException($"Frame {index} is {frame.Use}, which the policy does not know.");
        }
        if (known != _policy.Count)
            throw new InvalidOperationException("The policy holds a bundle that no frame holds.");
        int leased = counts[(int)FrameUse.Leased] + counts[(int)FrameUse.LeasedLoading] + counts[(int)FrameUse.LeasedFailed];
        int prefetched = counts[(int)FrameUse.Prefetched] + counts[(int)FrameUse.PrefetchedLoading];
        int warming = counts[(int)FrameUse.WarmingUp];
        (int free, int cached) = (counts[(int)FrameUse.Free], counts[(int)FrameUse.Cached]);
        (int, int, int, int, int) expected = (_frames.FreeCount, LeasedCount, PrefetchedCount, WarmingUpCount, CachedCount);
        if ((free, leased, prefetched, warming, cached) != expected)
            throw new InvalidOperationException("A frame is lost.");
        if (warming > 0 && _policy.Count + warming > _policy.Capacity)
            throw new InvalidOperationException("There is no room for what is being read.");
        if (CachedCount > _limits.CachedMax || LeasedCount > _limits.LeasedMax || PrefetchedCount > _limits.PrefetchedMax)
            throw new InvalidOperationException("A limit is exceeded.");
    }

    private int Read(LayerIndex layer, NeuronKey key, Slot slot, FrameUse use, FetchBatch batch)
    {
        _bridges.Read(layer, key);
        int frame = _frames.Take(key, use, batch.Id);
        batch.Add(slot, frame);
        return frame;
    }

    private void Claim(LayerIndex layer, int index, FrameLease lease)
    {
        ref Frame frame = ref _frames[index];
        switch (frame.Use)
        {
            case FrameUse.Cached:
                CachedCount--;
                _counts.Add(layer, Counter.CacheHits);
                _policy.Touch(frame.Key.Value);
                break;
            case FrameUse.Prefetched:
                _prefetched.Remove(index);
                _counts.Add(layer, Counter.PrefetchOnTime);
                break;
            case FrameUse.PrefetchedLoading:
                _prefetched.Remove(index);
                _counts.Add(layer, Counter.PrefetchLate);
                frame.Use = FrameUse.LeasedLoading;
                lease.AddPending(index, frame.Fetch);
                return;
            case FrameUse.WarmingUp:
                _warmUp.EndLoading();
                _counts.Add(layer, Counter.WarmUpLate);
                frame.Use = FrameUse.LeasedLoading;
                lease.AddPending(index, frame.Fetch);
                return;
            default:
                throw new InvalidOperationException($"Frame {index} is {frame.Use} and cannot be leased.");
        }
        frame.Use = FrameUse.Leased;
        lease.AddHit(index);
    }

    private void DropAhead(int frame)
    {
        if (_frames[frame].Use == FrameUse.WarmingUp)
        {
            _warmUp.EndLoading();
            _frames.Free(frame);
        }
        else
        {
            DropPrefetched(frame);
        }
    }

    private void DropPrefetched(int frame)
    {
        _prefetched.Remove(frame);
        _counts.Add(_keys.LayerOf(_frames[frame].Key), Counter.PrefetchWasted);
        _frames.Free(frame);
    }

    private void DropPrefetched(LayerIndex first, LayerIndex last)
    {
        for (int i = PrefetchedCount - 1; i >= 0; i--)
        {
            int frame = _prefetched[i];
            int layer = _keys.LayerOf(_frames[frame].Key).Value;
            if (_frames[frame].Use == FrameUse.Prefetched && layer >= first.Value && layer <= last.Value)
                DropPrefetched(frame);
        }
    }

    private void Cache(int frame)
    {
        _frames[frame].Use = FrameUse.Cached;
        CachedCount++;
    }

    private void OfferToPolicy(int frame)
    {
        if (WarmingUpCount > 0 && _warmUp.IsFull)
        {
            _frames.Free(frame);      // the last places are taken by what is being read
            return;
        }
        Cache(frame);
        int evicted = _policy.Insert(_frames[frame].Key.Value, _frames[frame].SegmentSlots);
        if (evicted != CachePolicy.None)
            Evict(new NeuronKey(evicted));
    }

    private void EndWarmUp(int frame)
    {
        _warmUp.EndLoading();
        Cache(frame);
        int evicted = _policy.InsertUnused(_frames[frame].Key.Value);
        if (evicted != CachePolicy.None)
            Evict(new NeuronKey(evicted));
    }

    private void Evict(NeuronKey key)
    {
        int frame = _frames.FrameOf(key);
        if (_frames[frame].Use != FrameUse.Cached)
            return;     // leased, and not the policy's any more
        CachedCount--;
        _frames.Free(frame);
    }
}
