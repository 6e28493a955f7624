using Neuralink.Actors.Hosting;
using Neuralink.Actors.Protocols;
using Neuralink.Pipeline.Fetching;
using Neuralink.Pipeline.Residency;
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
    private readonly FrameLease _lease;
    private readonly Stack<FetchBatch> _idleBatches = new();
    private readonly Stack<FetchBatch> _laterClusters = new();
    private readonly int _fetchMax;
    private readonly int _lastLayer;
    private long _nextFetch;
    private int _fetching;

    private IActorRef _reader = ActorRefs.Nobody;      // who asked for what is being leased
    private PassId _pass;
    private LayerIndex _layer;
    private NeuronSet? _wanted;      // the layer that is being served
    private int _taken;              // how many of its neurons earlier waves had

    public CacheActor(PipelineParts parts, PipelineStates states, IActorRef io)
    {
        _state = states.Cache;
        _strategy = parts.Strategy;
        _image = parts.Image;
        _sets = states.Sets;
        _io = io;
        _fetchMax = parts.Limits.FetchMax;
        _lastLayer = parts.Image.LayerCount - 1;
        _lease = new FrameLease(parts.Limits.LeasedMax, parts.Limits.FrameCount);
        Become(Serving);
    }

    public static Props Props(PipelineParts parts, PipelineStates states, IActorRef io) =>
        Akka.Actor.Props.Create(() => new CacheActor(parts, states, io)).WithDispatcher(ActorHosting.ComputeDispatcher);

    private void Serving()
    {
        Receive<PredictionProtocol.Fires>(fires =>
        {
            _reader = Sender;
            (_pass, _layer, _wanted, _taken) = (fires.Pass, fires.Layer, fires.Neurons, 0);
            GrantNextWave();
        });
        Receive<PredictionProtocol.MayFire>(Prefetch);
        Receive<ResidencyProtocol.Returned>(_ => EndWave());
        Receive<FetchProtocol.Fetched>(fetched =>
        {
            TakeIn(fetched.Batch);
            Settle(fetched.Batch, error: null);
        });
        Receive<FetchProtocol.FetchFailed>(failed =>
        {
            if (failed.Batch.IsDemand)
            {
                _state.Fail(failed.Batch);
                Settle(failed.Batch, failed.Error);
            }
            else
            {
                ReadAtNeed(failed.Batch);
            }
        });
        Receive<PassProtocol.AbandonPass>(Abandon);
    }

    /// <summary>A pass is being dropped: a device may still write into its frames, which are free when its last read is back.</summary>
    private void Abandoning(PassId pass)
    {
        Receive<FetchProtocol.Fetched>(fetched =>
        {
            TakeIn(fetched.Batch);
            EndFetch(fetched.Batch);
            ReturnAllWhenQuiet(pass);
        });
        Receive<FetchProtocol.FetchFailed>(failed =>
        {
            _state.Fail(failed.Batch);
            EndFetch(failed.Batch);
            ReturnAllWhenQuiet(pass);
        });
    }

    private void Abandon(PassProtocol.AbandonPass abandon)
    {
        _reader = Sender;
        Become(() => Abandoning(abandon.Pass));
        ReturnAllWhenQuiet(abandon.Pass);
    }

    private void GrantNextWave()
    {
        FetchBatch misses = NewBatch(_layer, isDemand: true);
        _taken += _state.Lease(_layer, _image.PlacementOf(_layer), _wanted!.Ids[_taken..], _lease, misses);
        if (_strategy.Clusters)
            FetchClusters(misses);
        else
            Fetch(misses);
        _reader.Tell(new ResidencyProtocol.Granted(_pass, _lease), Self);
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

    private void TakeIn(FetchBatch batch)
    {
        _state.Complete(batch);
        _state.NoteBridges(batch, _image.PlacementOf(batch.Layer));
    }

    private void EndFetch(FetchBatch batch)
    {
        _fetching--;
        _idleBatches.Push(batch);
    }

    private void Settle(FetchBatch batch, Exception? error)
    {
        EndFetch(batch);
        bool wasWaitedFor = _lease.Settle(batch.Id, out ReadOnlyMemory<int> cluster);
        if (!wasWaitedFor || _lease.HasFailed)
            return;
        if (error is not null)
        {
            _lease.HasFailed = true;
            _reader.Tell(new ResidencyProtocol.Unavailable(_pass, error), Self);
        }
        else if (_strategy.Clusters)
        {
            _reader.Tell(new ResidencyProtocol.Arrived(_pass, cluster, _lease.IsComplete), Self);
        }
        else if (_lease.IsComplete)
        {
            _reader.Tell(new ResidencyProtocol.Arrived(_pass, _lease.Rest, IsLast: true), Self);
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
        EndFetch(failed);
        Fetch(again);
    }

    private void ReturnAllWhenQuiet(PassId pass)
    {
        if (_fetching > 0)
            return;
        _state.Release(_lease);
        _state.DropPass();
        EndLayer();
        _reader.Tell(new ResidencyProtocol.AllReturned(pass), Self);
        Become(Serving);
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
