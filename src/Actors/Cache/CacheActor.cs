using Neuralink.Actors.Hosting;
using Neuralink.Actors.Protocols;
using Neuralink.Pipeline.Fetching;
using Neuralink.Pipeline.Residency;
using Neuralink.Placement;

namespace Neuralink.Actors.Cache;

/// <summary>
/// Leases frames to Compute and has Io fill them, as <see cref="ResidencyMachine"/> says. See <see cref="ResidencyProtocol"/> and
/// <see cref="FetchProtocol"/>.
/// </summary>
internal sealed class CacheActor : ReceiveActor, IResidencyEffects
{
    private readonly NeuronSetPool _sets;
    private readonly IActorRef _io;
    private IActorRef _compute = ActorRefs.Nobody;

    public CacheActor(ResidencySetup setup, CacheState cache, NeuronSetPool sets, IActorRef io)
    {
        _sets = sets;
        _io = io;
        ResidencyMachine machine = new(cache, setup, this);
        Receive<PredictionProtocol.Fires>(fires =>
        {
            _compute = Sender;
            machine.Fires(fires.Pass, fires.Layer, fires.Neurons);
        });
        Receive<PredictionProtocol.MayFire>(mayFire => machine.MayFire(mayFire.Pass, mayFire.Layer, mayFire.Neurons));
        Receive<ResidencyProtocol.Returned>(returned => machine.Returned(returned.Pass));
        Receive<FetchProtocol.Fetched>(fetched => machine.Fetched(fetched.Batch));
        Receive<FetchProtocol.FetchFailed>(failed => machine.FetchFailed(failed.Batch, failed.Error));
        Receive<PassProtocol.AbandonPass>(abandon =>
        {
            _compute = Sender;
            machine.Abandon(abandon.Pass);
        });
    }

    public static Props Props(ResidencySetup setup, CacheState cache, NeuronSetPool sets, IActorRef io) =>
        Akka.Actor.Props.Create(() => new CacheActor(setup, cache, sets, io)).WithDispatcher(ActorHosting.ComputeDispatcher);

    void IResidencyEffects.Fetch(FetchBatch batch) => _io.Tell(new FetchProtocol.Fetch(batch), Self);

    void IResidencyEffects.Grant(PassId pass, FrameLease lease) => _compute.Tell(new ResidencyProtocol.Granted(pass, lease), Self);

    void IResidencyEffects.Arrived(PassId pass, ReadOnlyMemory<int> ordinals, bool isLast) =>
        _compute.Tell(new ResidencyProtocol.Arrived(pass, ordinals, isLast), Self);

    void IResidencyEffects.Unavailable(PassId pass, Exception error) => _compute.Tell(new ResidencyProtocol.Unavailable(pass, error), Self);

    void IResidencyEffects.AllReturned(PassId pass) => _compute.Tell(new ResidencyProtocol.AllReturned(pass), Self);

    void IResidencyEffects.Release(NeuronSet neurons) => _sets.Return(neurons);
}
