using Neuralink.Actors.Figures;
using Neuralink.Actors.Io;
using Neuralink.Placement;
using Neuralink.Placement.Caching;

namespace Neuralink.Actors.Cache;

/// <summary>
/// Which bundle is in which frame. A frame is free, loading, or resident; a resident one is leased (a layer computes with it), prefetched
/// (not yet asked for) or cached (at rest). Which are worth resting is the policy's choice. It knows a bundle from when it first comes to rest, also while it
/// is leased again; should it give up one that is leased, that one is offered anew when the lease ends.
/// </summary>
public sealed class CacheState
{
    private const int None = -1;

    private readonly CacheLimits _limits;
    private readonly CachePolicy _policy;
    private readonly LookaheadJudge _judge;
    private readonly LayerCounters _counts;
    private readonly int _slotsPerLayer;
    private readonly int[] _frameOf;          // [layer * slots + neuron]
    private readonly int[] _keyOf;            // [frame], the inverse
    private readonly FrameUse[] _use;         // [frame]
    private readonly int[] _segment;          // [frame], bundles side by side on flash that were read together, this one among them
    private readonly long[] _fetchOf;         // [frame], while loading
    private readonly int[] _lookedAheadAt;    // [layer * slots + neuron], twice the last pass in which lookahead named it, and one more if it was not resident
    private readonly BridgeLog _bridges;
    private readonly int[] _free;
    private readonly int[] _ahead;            // the prefetched frames, in no order
    private readonly int[] _aheadIndex;       // [frame], where in _ahead
    private int _freeCount;
    private int _pass = 1;                    // passes so far, and one: nothing was named in pass 0

    /// <param name="limits">How the frames are shared out.</param>
    /// <param name="layerCount">Layers of the model.</param>
    /// <param name="slotsPerLayer">Neurons of each.</param>
    /// <param name="policy">Rules over the cached frames; its keys are layer x slotsPerLayer + neuron.</param>
    /// <param name="judge">Whether to read ahead.</param>
    /// <param name="counts">Has the counters of the Cache.</param>
    public CacheState(CacheLimits limits, int layerCount, int slotsPerLayer, CachePolicy policy, LookaheadJudge judge, LayerCounters counts)
    {
        if (policy.KeyCount != layerCount * slotsPerLayer || policy.Capacity > limits.CachedMax)
        {
            throw new ArgumentException(
                $"{layerCount * slotsPerLayer} keys and a capacity of at most {limits.CachedMax} expected, {policy.KeyCount} and {policy.Capacity} given.",
                nameof(policy));
        }
        _limits = limits;
        _policy = policy;
        _judge = judge;
        _counts = counts;
        _slotsPerLayer = slotsPerLayer;
        _frameOf = new int[layerCount * slotsPerLayer];
        Array.Fill(_frameOf, None);
        _keyOf = new int[limits.FrameCount];
        _use = new FrameUse[limits.FrameCount];
        _segment = new int[limits.FrameCount];
        _fetchOf = new long[limits.FrameCount];
        _lookedAheadAt = new int[_frameOf.Length];
        _bridges = new BridgeLog(_frameOf.Length, counts);
        _free = new int[limits.FrameCount];
        _ahead = new int[limits.PrefetchedMax];
        _aheadIndex = new int[limits.FrameCount];
        for (int frame = limits.FrameCount - 1; frame >= 0; frame--)
            _free[_freeCount++] = frame;
    }

    private enum FrameUse : byte
    {
        Free,
        LeasedLoading,
        Leased,
        LeasedFailed,
        PrefetchedLoading,
        Prefetched,
        Cached,
    }

    /// <summary>Bundles at rest.</summary>
    public int CachedCount { get; private set; }

    public int LeasedCount { get; private set; }

    public int PrefetchedCount { get; private set; }

    /// <summary>Leases frames for the next neurons of a layer; those not resident are added to <paramref name="misses"/>.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="placement">Its order on flash.</param>
    /// <param name="neurons">Ascending; as many as one lease holds are taken.</param>
    /// <param name="lease">Filled.</param>
    /// <param name="misses">Reset by the caller; to be fetched unless empty.</param>
    /// <returns>How many of <paramref name="neurons"/> were taken.</returns>
    public int Lease(LayerIndex layer, Permutation placement, ReadOnlySpan<NeuronId> neurons, FrameLease lease, FetchBatch misses)
    {
        if (LeasedCount > 0)
            throw new InvalidOperationException($"{LeasedCount} frames are leased already.");
        int count = Math.Min(neurons.Length, _limits.LeasedMax);
        int right = 0, rightReads = 0;
        lease.Reset();
        foreach (NeuronId neuron in neurons[..count])
        {
            int key = KeyOf(layer, neuron), frame = _frameOf[key];
            right += _lookedAheadAt[key] / 2 == _pass ? 1 : 0;
            rightReads += _lookedAheadAt[key] == MissingMark(_pass) ? 1 : 0;
            if (frame == None)
            {
                _bridges.Read(layer, key);
                frame = TakeFree(key, FrameUse.LeasedLoading, misses.Id);
                misses.Add(placement.SlotOf(neuron), frame);
                lease.AddPending(frame, misses.Id);
                _counts.Add(layer, Counter.Repaired);
            }
            else
            {
                Claim(frame, lease);
            }
            LeasedCount++;
        }
        _counts.Add(layer, Counter.Wanted, count);
        _counts.Add(layer, Counter.LookedAheadRight, right);
        _judge.Right(layer, rightReads);
        lease.Close(isLastWave: count == neurons.Length);
        return count;
    }

    /// <summary>Adds what is not resident to <paramref name="misses"/>, as far as there are frames for prefetches and lookahead to that layer has proved right.</summary>
    public void Prefetch(LayerIndex layer, Permutation placement, ReadOnlySpan<NeuronId> neurons, FetchBatch misses)
    {
        _counts.Add(layer, Counter.LookedAhead, neurons.Length);
        int missing = 0, room = _judge.IsTrusted(layer) ? _limits.PrefetchedMax - PrefetchedCount : 0;
        foreach (NeuronId neuron in neurons)
        {
            int key = KeyOf(layer, neuron);
            _lookedAheadAt[key] = 2 * _pass;
            if (_frameOf[key] != None)
                continue;
            missing++;
            _lookedAheadAt[key] = MissingMark(_pass);
            if (room == 0)
                continue;
            room--;
            _bridges.Read(layer, key);
            int frame = TakeFree(key, FrameUse.PrefetchedLoading, misses.Id);
            misses.Add(placement.SlotOf(neuron), frame);
            _aheadIndex[frame] = PrefetchedCount;
            _ahead[PrefetchedCount++] = frame;
            _counts.Add(layer, Counter.Prefetched);
        }
        _judge.Named(layer, missing);
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
            foreach (int frame in batch.Frames[begin..end])
            {
                _segment[frame] = end - begin;
                _use[frame] = _use[frame] == FrameUse.LeasedLoading ? FrameUse.Leased : FrameUse.Prefetched;
            }
        }
    }

    /// <summary>Takes a failed batch back: its frames hold nothing. Those under a lease stay with it until it is released.</summary>
    public void Fail(FetchBatch batch)
    {
        foreach (int frame in batch.Frames)
        {
            if (_use[frame] == FrameUse.LeasedLoading)
                _use[frame] = FrameUse.LeasedFailed;
            else
                DropAhead(frame);
        }
    }

    /// <summary>Takes a failed prefetch back. What a lease waits for meanwhile goes on loading, and is added to <paramref name="again"/>, which has the same id.</summary>
    public void FailAhead(FetchBatch batch, FetchBatch again)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            int frame = batch.Frames[i];
            if (_use[frame] == FrameUse.LeasedLoading)
                again.Add(batch.Slots[i], frame);
            else
                DropAhead(frame);
        }
    }

    /// <summary>Ends a lease: its bundles come to rest, those that were there before first, and what the policy gives up is evicted.</summary>
    public void Release(FrameLease lease)
    {
        ReadOnlySpan<int> frames = lease.Frames.Span;
        foreach (int frame in frames)
        {
            LeasedCount--;
            switch (_use[frame])
            {
                case FrameUse.Leased:
                    if (_policy.Holds(_keyOf[frame]))
                        Cache(frame);
                    break;
                case FrameUse.LeasedFailed:
                    Free(frame);
                    break;
                default:
                    throw new InvalidOperationException($"Frame {frame} is {_use[frame]} and cannot be released.");
            }
        }
        foreach (int frame in frames)
        {
            if (_use[frame] == FrameUse.Leased)
                Rest(frame);
        }
        lease.Reset();
    }

    /// <summary>Takes note of what a fetched batch read only because it lay in a gap, and dropped.</summary>
    public void NoteBridges(FetchBatch batch, Permutation placement) => _bridges.Note(batch, placement, KeyOf(batch.Layer, new NeuronId(0)));

    /// <summary>A pass is through all layers: what outlived its time is evicted.</summary>
    public void EndPass()
    {
        _pass++;
        _bridges.EndPass();
        _policy.EndPass();
        while (_policy.TryExpire(out int key))
            Evict(key);
    }

    /// <summary>A pass was dropped, or the text ended: nothing is prefetched for it any more.</summary>
    public void DropPass()
    {
        _pass++;
        _bridges.EndPass();
        _judge.Forget();
        DropPrefetched(new LayerIndex(int.MaxValue));
    }

    /// <summary>
    /// The layers up to <paramref name="layer"/> are through: what was prefetched for them in vain is dropped. What is still loading
    /// stays prefetched until it is asked for or a later call finds it.
    /// </summary>
    public void EndLayer(LayerIndex layer)
    {
        _judge.EndLayer(layer);
        DropPrefetched(layer);
    }

    /// <summary>Throws unless every frame is accounted for and every limit kept.</summary>
    public void CheckInvariants()
    {
        Span<int> counts = stackalloc int[Enum.GetValues<FrameUse>().Length];
        int known = 0;
        for (int frame = 0; frame < _use.Length; frame++)
        {
            counts[(int)_use[frame]]++;
            if (_use[frame] == FrameUse.Free)
                continue;
            if (_frameOf[_keyOf[frame]] != frame)
                throw new InvalidOperationException($"Frame {frame} holds a bundle that is not mapped to it.");
            bool isKnown = _policy.Holds(_keyOf[frame]);
            known += isKnown ? 1 : 0;
            if (isKnown ? _use[frame] is not (FrameUse.Cached or FrameUse.Leased) : _use[frame] == FrameUse.Cached)
                throw new InvalidOperationException($"Frame {frame} is {_use[frame]}, which the policy does not know.");
        }
        if (known != _policy.Count)
            throw new InvalidOperationException("The policy holds a bundle that no frame holds.");
        int leased = counts[(int)FrameUse.Leased] + counts[(int)FrameUse.LeasedLoading] + counts[(int)FrameUse.LeasedFailed];
        int prefetched = counts[(int)FrameUse.Prefetched] + counts[(int)FrameUse.PrefetchedLoading];
        if (counts[(int)FrameUse.Free] != _freeCount || leased != LeasedCount || prefetched != PrefetchedCount || counts[(int)FrameUse.Cached] != CachedCount)
            throw new InvalidOperationException("A frame is lost.");
        if (CachedCount > _limits.CachedMax || LeasedCount > _limits.LeasedMax || PrefetchedCount > _limits.PrefetchedMax)
            throw new InvalidOperationException("A limit is exceeded.");
    }

    private void DropAhead(int frame)
    {
        LeaveAhead(frame);
        _counts.Add(LayerOf(frame), Counter.PrefetchWasted);
        Free(frame);
    }

    private void DropPrefetched(LayerIndex upTo)
    {
        for (int i = PrefetchedCount - 1; i >= 0; i--)
        {
            int frame = _ahead[i];
            if (_use[frame] != FrameUse.Prefetched || _keyOf[frame] / _slotsPerLayer > upTo.Value)
                continue;
            DropAhead(frame);
        }
    }

    private static int MissingMark(int pass) => (2 * pass) + 1;

    private LayerIndex LayerOf(int frame) => new(_keyOf[frame] / _slotsPerLayer);

    private int KeyOf(LayerIndex layer, NeuronId neuron) => (layer.Value * _slotsPerLayer) + neuron.Value;

    private void Claim(int frame, FrameLease lease)
    {
        switch (_use[frame])
        {
            case FrameUse.Cached:
                CachedCount--;
                _counts.Add(LayerOf(frame), Counter.CacheHits);
                _policy.Touch(_keyOf[frame]);
                break;
            case FrameUse.Prefetched:
                LeaveAhead(frame);
                _counts.Add(LayerOf(frame), Counter.PrefetchOnTime);
                break;
            case FrameUse.PrefetchedLoading:
                LeaveAhead(frame);
                _counts.Add(LayerOf(frame), Counter.PrefetchLate);
                _use[frame] = FrameUse.LeasedLoading;
                lease.AddPending(frame, _fetchOf[frame]);
                return;
            default:
                throw new InvalidOperationException($"Frame {frame} is {_use[frame]} and cannot be leased.");
        }
        _use[frame] = FrameUse.Leased;
        lease.AddHit(frame);
    }

    private void LeaveAhead(int frame)
    {
        int last = _ahead[--PrefetchedCount];
        _ahead[_aheadIndex[frame]] = last;
        _aheadIndex[last] = _aheadIndex[frame];
    }

    private int TakeFree(int key, FrameUse use, long fetch)
    {
        if (_freeCount == 0)
            throw new InvalidOperationException("No frame is free although the limits are kept.");
        int frame = _free[--_freeCount];
        _frameOf[key] = frame;
        _keyOf[frame] = key;
        _use[frame] = use;
        _fetchOf[frame] = fetch;
        return frame;
    }

    private void Cache(int frame)
    {
        _use[frame] = FrameUse.Cached;
        CachedCount++;
    }

    private void Rest(int frame)
    {
        Cache(frame);
        int evicted = _policy.Insert(_keyOf[frame], _segment[frame]);
        if (evicted != CachePolicy.None)
            Evict(evicted);
    }

    private void Evict(int key)
    {
        int frame = _frameOf[key];
        if (_use[frame] != FrameUse.Cached)
            return;     // leased, and not the policy's any more
        CachedCount--;
        Free(frame);
    }

    private void Free(int frame)
    {
        _frameOf[_keyOf[frame]] = None;
        _use[frame] = FrameUse.Free;
        _free[_freeCount++] = frame;
    }
}
