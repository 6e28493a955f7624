using Neuralink.Actors.Io;
using Neuralink.Placement;

namespace Neuralink.Actors.Cache;

/// <summary>
/// Which bundle is in which frame. A frame is free, loading, or resident; a resident one is leased (a layer computes with it), prefetched
/// (not yet asked for) or cached (at rest). The cached ones are replaced by a second-chance clock with a use count of up to three, so
/// that a bundle used again outlives those of a single pass.
/// </summary>
public sealed class CacheState
{
    private const int None = -1;
    private const byte UseCountMax = 3;

    private readonly CacheLimits _limits;
    private readonly int _slotsPerLayer;
    private readonly int[] _frameOf;          // [layer * slots + neuron]
    private readonly int[] _keyOf;            // [frame], the inverse
    private readonly FrameUse[] _use;         // [frame]
    private readonly byte[] _useCount;        // [frame]
    private readonly long[] _fetchOf;         // [frame], while loading
    private readonly int[] _free;
    private readonly int[] _ahead;            // the prefetched frames, in no order
    private readonly int[] _aheadIndex;       // [frame], where in _ahead
    private int _freeCount;
    private int _hand;

    public CacheState(CacheLimits limits, int layerCount, int slotsPerLayer)
    {
        _limits = limits;
        _slotsPerLayer = slotsPerLayer;
        _frameOf = new int[layerCount * slotsPerLayer];
        Array.Fill(_frameOf, None);
        _keyOf = new int[limits.FrameCount];
        _use = new FrameUse[limits.FrameCount];
        _useCount = new byte[limits.FrameCount];
        _fetchOf = new long[limits.FrameCount];
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

    public CacheCounts Counts { get; } = new();

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
        lease.Reset();
        foreach (NeuronId neuron in neurons[..count])
        {
            int key = KeyOf(layer, neuron), frame = _frameOf[key];
            if (frame == None)
            {
                frame = TakeFree(key, FrameUse.LeasedLoading, misses.Id);
                misses.Add(placement.SlotOf(neuron), frame);
                lease.AddPending(frame, misses.Id);
                Counts.Repaired++;
            }
            else
            {
                Claim(frame, lease);
            }
            LeasedCount++;
        }
        Counts.Wanted += count;
        lease.Close(isLastWave: count == neurons.Length);
        return count;
    }

    /// <summary>Adds what is not resident to <paramref name="misses"/>, as far as there are frames for prefetches.</summary>
    public void Prefetch(LayerIndex layer, Permutation placement, ReadOnlySpan<NeuronId> neurons, FetchBatch misses)
    {
        foreach (NeuronId neuron in neurons)
        {
            int key = KeyOf(layer, neuron);
            if (_frameOf[key] != None)
                continue;
            if (PrefetchedCount == _limits.PrefetchedMax)
                return;
            int frame = TakeFree(key, FrameUse.PrefetchedLoading, misses.Id);
            misses.Add(placement.SlotOf(neuron), frame);
            _aheadIndex[frame] = PrefetchedCount;
            _ahead[PrefetchedCount++] = frame;
            Counts.Prefetched++;
        }
    }

    /// <summary>Takes a fetched batch in: its bundles are resident.</summary>
    public void Complete(FetchBatch batch)
    {
        foreach (int frame in batch.Frames)
            _use[frame] = _use[frame] == FrameUse.LeasedLoading ? FrameUse.Leased : FrameUse.Prefetched;
    }

    /// <summary>Takes a failed batch back: its frames hold nothing. Those under a lease stay with it until it is released.</summary>
    public void Fail(FetchBatch batch)
    {
        foreach (int frame in batch.Frames)
        {
            if (_use[frame] == FrameUse.LeasedLoading)
            {
                _use[frame] = FrameUse.LeasedFailed;
                continue;
            }
            LeaveAhead(frame);
            Counts.PrefetchWasted++;
            Free(frame);
        }
    }

    /// <summary>Ends a lease: its bundles come to rest, and what exceeds the cache's share is evicted.</summary>
    public void Release(FrameLease lease)
    {
        foreach (int frame in lease.Frames.Span)
        {
            LeasedCount--;
            switch (_use[frame])
            {
                case FrameUse.Leased:
                    Rest(frame);
                    break;
                case FrameUse.LeasedFailed:
                    Free(frame);
                    break;
                default:
                    throw new InvalidOperationException($"Frame {frame} is {_use[frame]} and cannot be released.");
            }
        }
        lease.Reset();
    }

    /// <summary>
    /// The layers up to <paramref name="layer"/> are through: what was prefetched for them in vain comes to rest. What is still loading
    /// stays prefetched until it is asked for or a later call finds it.
    /// </summary>
    public void EndLayer(LayerIndex layer)
    {
        for (int i = PrefetchedCount - 1; i >= 0; i--)
        {
            int frame = _ahead[i];
            if (_use[frame] != FrameUse.Prefetched || _keyOf[frame] / _slotsPerLayer > layer.Value)
                continue;
            LeaveAhead(frame);
            Counts.PrefetchWasted++;
            Rest(frame);
        }
    }

    /// <summary>Throws unless every frame is accounted for and every limit kept.</summary>
    public void CheckInvariants()
    {
        Span<int> counts = stackalloc int[Enum.GetValues<FrameUse>().Length];
        for (int frame = 0; frame < _use.Length; frame++)
        {
            counts[(int)_use[frame]]++;
            if (_use[frame] != FrameUse.Free && _frameOf[_keyOf[frame]] != frame)
                throw new InvalidOperationException($"Frame {frame} holds a bundle that is not mapped to it.");
        }
        int leased = counts[(int)FrameUse.Leased] + counts[(int)FrameUse.LeasedLoading] + counts[(int)FrameUse.LeasedFailed];
        int prefetched = counts[(int)FrameUse.Prefetched] + counts[(int)FrameUse.PrefetchedLoading];
        if (counts[(int)FrameUse.Free] != _freeCount || leased != LeasedCount || prefetched != PrefetchedCount || counts[(int)FrameUse.Cached] != CachedCount)
            throw new InvalidOperationException("A frame is lost.");
        if (CachedCount > _limits.CachedMax || LeasedCount > _limits.LeasedMax || PrefetchedCount > _limits.PrefetchedMax)
            throw new InvalidOperationException("A limit is exceeded.");
    }

    private int KeyOf(LayerIndex layer, NeuronId neuron) => (layer.Value * _slotsPerLayer) + neuron.Value;

    private void Claim(int frame, FrameLease lease)
    {
        switch (_use[frame])
        {
            case FrameUse.Cached:
                CachedCount--;
                Counts.CacheHits++;
                _useCount[frame] = (byte)Math.Min(_useCount[frame] + 1, UseCountMax);
                break;
            case FrameUse.Prefetched:
                LeaveAhead(frame);
                Counts.PrefetchOnTime++;
                break;
            case FrameUse.PrefetchedLoading:
                LeaveAhead(frame);
                Counts.PrefetchLate++;
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
        _useCount[frame] = 0;
        _fetchOf[frame] = fetch;
        return frame;
    }

    private void Rest(int frame)
    {
        _use[frame] = FrameUse.Cached;
        if (++CachedCount > _limits.CachedMax)
            Evict();
    }

    private void Evict()
    {
        for (; ; _hand = (_hand + 1) % _use.Length)
        {
            if (_use[_hand] != FrameUse.Cached)
                continue;
            if (_useCount[_hand] == 0)
                break;
            _useCount[_hand]--;
        }
        CachedCount--;
        Free(_hand);
    }

    private void Free(int frame)
    {
        _frameOf[_keyOf[frame]] = None;
        _use[frame] = FrameUse.Free;
        _free[_freeCount++] = frame;
    }
}
