using Neuralink.Actors.Io;
using Neuralink.Actors.Protocols;
using Neuralink.Models.Inference;
using Neuralink.Placement;
using Neuralink.Storage.Image;

namespace Neuralink.Actors.Cache;

/// <summary>
/// Turns the neurons a layer needs into leased frames, fetching what is missing, and keeps what is worth keeping.
/// See <see cref="ResidencyProtocol"/> and <see cref="FetchProtocol"/>.
/// </summary>
internal sealed class CacheActor : ReceiveActor
{
    private readonly CacheState _state;
    private readonly StrategySwitches _strategy;
    private readonly FlashImage _image;
    private readonly NeuronSetPool _sets;
    private readonly IActorRef _io;
    private readonly IActorRef _compute;
    private readonly FrameLease _lease;
    private readonly Stack<FetchBatch> _idleBatches = new();
    private readonly Stack<FetchBatch> _laterClusters = new();
    private readonly int _fetchMax;
    private readonly int _lastLayer;
    private long _nextFetch;
    private int _fetching;

    private PassId _pass;
    private LayerIndex _layer;
    private NeuronSet? _wanted;      // the layer that is being served
    private int _taken;              // how many of its neurons earlier waves had
    private PassId? _abandoning;

    public CacheActor(CacheState state, CacheLimits limits, StrategySwitches strategy, FlashImage image, NeuronSetPool sets, IActorRef io, IActorRef compute)
    {
        _state = state;
        _strategy = strategy;
        _image = image;
        _sets = sets;
        _io = io;
        _compute = compute;
        _fetchMax = limits.FetchMax;
        _lastLayer = image.LayerCount - 1;
        _lease = new FrameLease(limits.LeasedMax, limits.FrameCount);
        Receive<PredictionProtocol.Fires>(fires =>
        {
            (_pass, _layer, _wanted, _taken) = (fires.Pass, fires.Layer, fires.Neurons, 0);
            GrantNextWave();
        });
        Receive<PredictionProtocol.MayFire>(Prefetch);
        Receive<ResidencyProtocol.Returned>(_ => EndWave());
        Receive<FetchProtocol.Fetched>(fetched =>
        {
            _state.Complete(fetched.Batch);
            _state.NoteBridges(fetched.Batch, _image.PlacementOf(fetched.Batch.Layer));
            Settle(fetched.Batch, error: null);
        });
        Receive<FetchProtocol.FetchFailed>(failed =>
        {
            if (!failed.Batch.IsDemand && _abandoning is null)
            {
                ReadAtNeed(failed.Batch);
                return;
            }
            _state.Fail(failed.Batch);
            Settle(failed.Batch, failed.Error);
        });
        Receive<PassProtocol.AbandonPass>(abandon =>
        {
            _abandoning = abandon.Pass;
            ReturnAllWhenQuiet();
        });
    }

    private void GrantNextWave()
    {
        FetchBatch misses = NewBatch(_layer, isDemand: true);
        _taken += _state.Lease(_layer, _image.PlacementOf(_layer), _wanted!.Ids[_taken..], _lease, misses);
        if (_strategy.Clusters)
            FetchClusters(misses);
        else
            Fetch(misses);
        _compute.Tell(new ResidencyProtocol.Granted(_pass, _lease), Self);
    }

    /// <summary>Makes a fetch of each cluster, to be computed as it arrives; the first is left in <paramref name="misses"/>, which is asked for first.</summary>
    private void FetchClusters(FetchBatch misses)
    {
        misses.Sort();
        Span<int> begins = stackalloc int[ClusterCut.ClustersMax - 1];
        int count = ClusterCut.Find(misses.Slots, begins);
        while (count > 0)
        {
            FetchBatch cluster = NewBatch(_layer, isDemand: true);
            misses.MoveTail(begins[--count], cluster);
            _lease.Move(cluster.Frames, cluster.Id);
            _laterClusters.Push(cluster);
        }
        Fetch(misses);
        while (_laterClusters.TryPop(out FetchBatch? cluster))
            Fetch(cluster);
    }

    private void Prefetch(PredictionProtocol.MayFire mayFire)
    {
        FetchBatch misses = NewBatch(mayFire.Layer, isDemand: false);
        _state.Prefetch(mayFire.Layer, _image.PlacementOf(mayFire.Layer), mayFire.Neurons.Ids, misses);
        _sets.Return(mayFire.Neurons);
        Fetch(misses);
    }

    private void EndWave()
    {
        bool layerIsThrough = _lease.IsLastWave;
        _state.Release(_lease);
        if (!layerIsThrough)
        {
            GrantNextWave();
            return;
        }
        EndLayer();
        _state.EndLayer(_layer);
        if (_layer.Value == _lastLayer)
            _state.EndPass();
    }

    private void EndLayer()
    {
        if (_wanted is not null)
            _sets.Return(_wanted);
        _wanted = null;
    }

    private void Settle(FetchBatch batch, Exception? error)
    {
        _fetching--;
        _idleBatches.Push(batch);
        if (_abandoning is not null)
        {
            ReturnAllWhenQuiet();
            return;
        }
        bool wasWaitedFor = _lease.Settle(batch.Id, out ReadOnlyMemory<int> cluster);
        if (!wasWaitedFor || _lease.HasFailed)
            return;
        if (error is not null)
        {
            _lease.HasFailed = true;
            _compute.Tell(new ResidencyProtocol.Unavailable(_pass, error), Self);
        }
        else if (_strategy.Clusters)
        {
            _compute.Tell(new ResidencyProtocol.Arrived(_pass, cluster, _lease.IsComplete), Self);
        }
        else if (_lease.IsComplete)
        {
            _compute.Tell(new ResidencyProtocol.Arrived(_pass, _lease.Rest, IsLast: true), Self);
        }
    }

    /// <summary>
    /// A prefetch has failed: nobody asked for it, so it ends nothing. What a layer has come to wait for meanwhile is read as if it had never been read ahead, in the
    /// prefetch's name, by which the lease knows it.
    /// </summary>
    private void ReadAtNeed(FetchBatch failed)
    {
        FetchBatch again = NewBatch(failed.Layer, isDemand: true, failed.Id);
        _state.FailAhead(failed, again);
        _fetching--;
        _idleBatches.Push(failed);
        Fetch(again);
    }

    /// <summary>A device may still write into the frames of a dropped pass: they are free when its last read is back.</summary>
    private void ReturnAllWhenQuiet()
    {
        if (_fetching > 0)
            return;
        _state.Release(_lease);
        _state.DropPass();
        EndLayer();
        _compute.Tell(new ResidencyProtocol.AllReturned(_abandoning!.Value), Self);
        _abandoning = null;
    }

    private void Fetch(FetchBatch batch)
    {
        if (batch.Count == 0)
        {
            _idleBatches.Push(batch);
            return;
        }
        _fetching++;
        _io.Tell(new FetchProtocol.Fetch(batch), Self);
    }

    private FetchBatch NewBatch(LayerIndex layer, bool isDemand, long? id = null)
    {
        FetchBatch batch = _idleBatches.Count > 0 ? _idleBatches.Pop() : new FetchBatch(_fetchMax);
        batch.Reset(id ?? _nextFetch++, layer, isDemand);
        return batch;
    }
}
