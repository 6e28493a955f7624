using Neuralink.Pipeline.Compute;
using Neuralink.Pipeline.Fetching;
using Neuralink.Pipeline.Prediction;
using Neuralink.Placement;

namespace Neuralink.Pipeline.Residency;

/// <summary>What <see cref="ResidencyMachine"/> has done.</summary>
internal interface IResidencyEffects
{
    /// <summary>Has Io read the batch, which is Io's until it comes back.</summary>
    public void Fetch(FetchBatch batch);

    /// <summary>Has Io read a batch sooner, which it may have answered already: a layer has come to wait for it.</summary>
    public void Hasten(FetchBatch batch);

    /// <summary>Leases frames to Compute; its hits are readable.</summary>
    public void Grant(PassId pass, FrameLease lease);

    /// <summary>Tells Compute that these ordinals of its lease are readable.</summary>
    public void Arrived(PassId pass, ReadOnlyMemory<int> ordinals, bool isLast);

    /// <summary>Tells Compute that what it waits for cannot be read.</summary>
    public void Unavailable(PassId pass, Exception error);

    /// <summary>Tells Compute that nothing of the pass is left.</summary>
    public void AllReturned(PassId pass);

    /// <summary>The set is not needed any more.</summary>
    public void Release(NeuronSet neurons);

    /// <summary>What fills the empty cache has been read, or there was nothing to do. Called once.</summary>
    public void WarmedUp();
}

/// <summary>What a <see cref="ResidencyMachine"/> is made for.</summary>
internal sealed record ResidencySetup
{
    public required CacheLimits Limits { get; init; }

    public required StrategySwitches Strategy { get; init; }

    public required int LayerCount { get; init; }

    /// <summary>The order of a layer's neurons on flash.</summary>
    public required Func<LayerIndex, Permutation> PlacementOf { get; init; }
}

/// <summary>
/// Turns the neurons that a layer needs into leased frames, has what is missing read, and keeps what is worth keeping.
/// <code>
/// Serving --Needed--> (a wave is out) --Returned--> (the next wave, or none)
/// Serving --AbandonPass--> Abandoning --(the last fetch is back)--> Serving
/// </code>
/// A layer whose neurons exceed what may be leased comes in several waves, ascending. Where clusters are computed as they arrive, the next
/// wave is leased and read while Compute has one. What a wave lacks is read in one fetch, or cluster by cluster. A prefetch that fails ends
/// nothing: what a layer has come to wait for meanwhile is read again at need. While a pass is dropped, its frames stay taken, since a
/// device may still write into them.
/// </summary>
internal sealed class ResidencyMachine
{
    // Io is to have enough to read while the thread that all actors but Io share computes.
    private const int WarmUpBatchesMax = 16;

    // What is read ahead of a stream comes in this many parts, each of which can be computed when it has arrived.
    private const int StreamBatches = 4;

    private readonly CacheState _cache;
    private readonly ResidencySetup _setup;
    private readonly IResidencyEffects _effects;
    private FrameLease _lease;         // Compute's
    private FrameLease _next;          // of the wave after it, if that has been begun
    private readonly Stack<FetchBatch> _idleBatches = new();
    private readonly Stack<FetchBatch> _laterClusters = new();
    private readonly ScanAhead? _scan;
    private Phase _phase;
    private readonly List<FetchBatch> _warmingUp = [];      // batches that are out, and that no layer waits for
    private int _warmUpCount;          // these and the others
    private bool _isWarm;
    private long _nextFetch;
    private int _fetching;
    private int _fetchingAhead;        // of these, what an earlier layer's state named

    private PassId _pass;
    private PassId _dropped;           // messages of it, and of those before it, come too late
    private LayerIndex _layer;
    private NeuronSet? _wanted;        // of the layer that is being served
    private bool _hasFailed;           // what one of its waves waits for cannot be read
    private int _taken;                // how many of its neurons the waves have that have been begun

    /// <param name="cache">What is resident.</param>
    /// <param name="setup">Limits and strategy.</param>
    /// <param name="effects">What is done.</param>
    public ResidencyMachine(CacheState cache, ResidencySetup setup, IResidencyEffects effects)
    {
        _cache = cache;
        _setup = setup;
        _effects = effects;
        _lease = new FrameLease(setup.Limits.LeasedMax, setup.Limits.FrameCount);
        _next = new FrameLease(setup.Limits.LeasedMax, setup.Limits.FrameCount);
        if (setup.Strategy.Streams)
        {
            int batchSlots = Math.Max(1, setup.Limits.PrefetchedMax / StreamBatches);
            _scan = new ScanAhead(setup.LayerCount, setup.PlacementOf, batchSlots);
        }
    }

    private enum Phase
    {
        Serving,

        /// <summary>A pass is being dropped, and reads of it are in flight.</summary>
        Abandoning,
    }

    /// <summary>Fetches that are not back.</summary>
    public int FetchingCount => _fetching;

    /// <summary>Begins to fill the empty cache, in large reads, while nothing more urgent is to be read. Once, before all else.</summary>
    public void WarmUp() => GoOnWarmingUp();

    /// <summary>These neurons of a layer are to be computed. The set is the machine's until it is released.</summary>
    public void Needed(PassId pass, LayerIndex layer, NeuronSet neurons)
    {
        if (IsLate(pass))
        {
            _effects.Release(neurons);
            return;
        }
        if (_wanted is not null)
            throw new InvalidOperationException($"{_layer} of {_pass} is being served; {layer} of {pass} must wait.");
        (_pass, _layer, _wanted, _taken) = (pass, layer, neurons, 0);
        _scan?.Serve(layer);
        _cache.Lookahead.Reach(layer, isBusy: _fetchingAhead > 0);
        BeginWave(_lease);
        Grant();
    }

    /// <summary>These neurons of a layer will probably be wanted: those that are missing are read ahead.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="neurons">The machine's until it is released.</param>
    /// <param name="rank">By what they are named.</param>
    public void MayBeNeeded(PassId pass, LayerIndex layer, NeuronSet neurons, LookaheadRank rank)
    {
        if (!IsLate(pass))
        {
            FetchBatch misses = NewBatch(layer, FetchKind.Prefetch);
            misses.Rank = rank;
            _cache.Prefetch(layer, _setup.PlacementOf(layer), neurons.Ids, rank, misses);
            Fetch(misses);
        }
        _effects.Release(neurons);
    }

    /// <summary>Compute is done with the wave.</summary>
    public void Returned(PassId pass)
    {
        if (IsLate(pass) || _hasFailed)
            return;
        bool layerIsThrough = _lease.IsLastWave;
        _cache.Release(_lease);
        if (!layerIsThrough)
        {
            (_lease, _next) = (_next, _lease);
            if (_lease.Count == 0)
                BeginWave(_lease);
            Grant();
            return;
        }
        ReleaseWanted();
        _cache.EndLayer(_layer, first: _setup.Strategy.Streams ? _layer : default);
        if (_layer.Value == _setup.LayerCount - 1)
            _cache.EndPass();
    }

    /// <summary>Every bundle of the batch is in its frame, and right.</summary>
    public void Fetched(FetchBatch batch)
    {
        _cache.Complete(batch);
        _cache.NoteBridges(batch, _setup.PlacementOf(batch.Layer));
        Settle(batch, error: null);
    }

    /// <summary>A read of the batch failed even when repeated; none of its frames is to be used.</summary>
    public void FetchFailed(FetchBatch batch, Exception error)
    {
        if (!batch.IsDemand && _phase == Phase.Serving)
        {
            ReadAtNeed(batch);
            return;
        }
        _cache.Fail(batch);
        Settle(batch, error);
    }

    /// <summary>The pass is dropped.</summary>
    public void Abandon(PassId pass)
    {
        if (_phase == Phase.Abandoning)
            throw new InvalidOperationException($"{_dropped} is being dropped already.");
        _phase = Phase.Abandoning;
        _dropped = pass;
        ReturnAllWhenQuiet();
    }

    // The other strategies compute what they have read, and then read: a stream has what comes next read ahead.
    private bool ReadsNextWave => _setup.Strategy.Clusters && _scan is null;

    private bool IsLate(PassId pass) => pass.Value <= _dropped.Value;

    private static bool IsAhead(FetchBatch batch) => batch is { Kind: FetchKind.Prefetch, Rank: LookaheadRank.Earlier };

    private void Grant()
    {
        _lease.MakeArrivedHits();
        _effects.Grant(_pass, _lease);
        ReadStreamAhead();
        if (ReadsNextWave && _taken < _wanted!.Count && _cache.LeasedCount < _setup.Limits.LeasedMax)
            BeginWave(_next);
    }

    /// <summary>Leases frames for the layer's next neurons, and has read what is missing.</summary>
    private void BeginWave(FrameLease lease)
    {
        FetchBatch misses = NewBatch(_layer, FetchKind.Demand);
        ReadOnlySpan<NeuronId> left = _wanted!.Ids[_taken..];
        int count = ReadsNextWave
            ? _setup.Limits.WaveOf(left.Length, _cache.LeasedCount)
            : Math.Min(left.Length, _setup.Limits.LeasedMax);
        _cache.Lease(_layer, _setup.PlacementOf(_layer), left[..count], lease, misses);
        lease.Close(earlierCount: _taken, isLastWave: count == left.Length);
        _taken += count;
        HastenWhatIsWaitedFor(lease);
        if (_setup.Strategy.Clusters)
            FetchClusters(misses, lease);
        else
            Fetch(misses);
    }

    private void ReadStreamAhead()
    {
        _scan?.Take(_taken);
        for (bool hasMore = _scan is not null; hasMore;)
        {
            FetchBatch batch = NewBatch(_scan!.LayerOfNext, FetchKind.Prefetch);
            hasMore = _scan.AddNext(_cache, batch);
            Fetch(batch);
        }
    }

    /// <summary>
    /// Makes a fetch of each cluster, to be computed as it arrives; the first is left in <paramref name="misses"/>, which is asked for
    /// first.
    /// </summary>
    private void FetchClusters(FetchBatch misses, FrameLease lease)
    {
        misses.Sort();
        Span<int> begins = stackalloc int[ClusterCut.ClustersMax - 1];
        int count = ClusterCut.Find(misses.Slots, begins);
        while (count > 0)
        {
            FetchBatch cluster = NewBatch(_layer, FetchKind.Demand);
            misses.MoveTail(begins[--count], cluster);
            lease.Move(cluster.Frames, cluster.Id);
            _laterClusters.Push(cluster);
        }
        Fetch(misses);
        while (_laterClusters.TryPop(out FetchBatch? cluster))
            Fetch(cluster);
    }

    private void Settle(FetchBatch batch, Exception? error)
    {
        long fetch = batch.Id;
        EndFetch(batch);
        if (_phase == Phase.Abandoning)
        {
            ReturnAllWhenQuiet();
            return;
        }
        GoOnWarmingUp();
        bool nextWaits = _next.Settle(fetch, out _), isWaitedFor = _lease.Settle(fetch, out ReadOnlyMemory<int> cluster);
        if (_hasFailed || !(nextWaits || isWaitedFor))
            return;
        if (error is not null)
        {
            _hasFailed = true;
            _effects.Unavailable(_pass, error);
        }
        else if (isWaitedFor && _setup.Strategy.Clusters)
        {
            _effects.Arrived(_pass, cluster, _lease.IsComplete);
        }
        else if (isWaitedFor && _lease.IsComplete)
        {
            _effects.Arrived(_pass, _lease.Rest, isLast: true);
        }
    }

    /// <summary>
    /// What a layer has come to wait for of what was read ahead and failed is read again alone, in the failed batch's name, by which the
    /// lease knows it.
    /// </summary>
    private void ReadAtNeed(FetchBatch failed)
    {
        FetchBatch again = NewBatch(failed.Layer, FetchKind.Demand, failed.Id);
        _cache.FailAhead(failed, again);
        EndFetch(failed);
        Fetch(again);
        GoOnWarmingUp();
    }

    private void ReturnAllWhenQuiet()
    {
        if (_fetching > 0)
            return;
        _cache.Release(_lease);
        _cache.Release(_next);
        _hasFailed = false;
        _cache.DropPass();
        ReleaseWanted();
        _phase = Phase.Serving;
        _effects.AllReturned(_dropped);
        GoOnWarmingUp();
    }

    private void ReleaseWanted()
    {
        if (_wanted is not null)
            _effects.Release(_wanted);
        _wanted = null;
    }

    private void Fetch(FetchBatch batch)
    {
        if (batch.Count == 0)
        {
            _idleBatches.Push(batch);
            return;
        }
        _fetching++;
        _fetchingAhead += IsAhead(batch) ? 1 : 0;
        _effects.Fetch(batch);
    }

    private void HastenWhatIsWaitedFor(FrameLease lease)
    {
        for (int i = 0; i < _warmingUp.Count; i++)
        {
            FetchBatch batch = _warmingUp[i];
            if (!lease.WaitsFor(batch.Id))
                continue;
            _warmingUp.RemoveAt(i--);
            _effects.Hasten(batch);
        }
    }

    private void GoOnWarmingUp()
    {
        while (_warmUpCount < WarmUpBatchesMax && !_cache.IsWarmedUp)
        {
            LayerIndex layer = _cache.NextToWarmUp(_layer);
            FetchBatch batch = NewBatch(layer, FetchKind.WarmUp);
            _cache.WarmUp(layer, _setup.PlacementOf(layer), batch);
            if (batch.Count > 0)
            {
                _warmUpCount++;
                _warmingUp.Add(batch);
            }
            Fetch(batch);
        }
        if (_isWarm || _warmUpCount > 0 || !_cache.IsWarmedUp)
            return;
        _isWarm = true;
        _effects.WarmedUp();
    }

    private void EndFetch(FetchBatch batch)
    {
        _fetching--;
        _fetchingAhead -= IsAhead(batch) ? 1 : 0;
        if (batch.Kind == FetchKind.WarmUp)
        {
            _warmUpCount--;
            _warmingUp.Remove(batch);
        }
        _idleBatches.Push(batch);
    }

    private FetchBatch NewBatch(LayerIndex layer, FetchKind kind, long? id = null)
    {
        FetchBatch batch = _idleBatches.Count > 0 ? _idleBatches.Pop() : new FetchBatch(_setup.Limits.FetchMax);
        batch.Reset(id ?? _nextFetch++, layer, kind);
        return batch;
    }
}
