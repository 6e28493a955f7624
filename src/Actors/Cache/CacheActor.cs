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
    private readonly TaskCompletionSource _warm;
    private readonly IActorRef _io;
    private readonly ResidencyMachine _machine;
    private IActorRef _compute = ActorRefs.Nobody;

    public CacheActor(ResidencySetup setup, PipelineStates states, TaskCompletionSource warm, IActorRef io)
    {
        _sets = states.Sets;
        _warm = warm;
        _io = io;
        ResidencyMachine machine = _machine = new(states.Cache, setup, this);
        Receive<PredictionProtocol.Needed>(needed =>
        {
            _compute = Sender;
            machine.Needed(needed.Pass, needed.Layer, needed.Neurons);
        });
        Receive<PredictionProtocol.MayBeNeeded>(needed => machine.MayBeNeeded(needed.Pass, needed.Layer, needed.Neurons, needed.Rank));
        Receive<PredictionProtocol.Continue>(next => next.Predictor.Tell(next, Sender));
        Receive<ResidencyProtocol.Returned>(returned => machine.Returned(returned.Pass));
        Receive<FetchProtocol.Fetched>(fetched => machine.Fetched(fetched.Batch));
        Receive<FetchProtocol.FetchFailed>(failed => machine.FetchFailed(failed.Batch, failed.Error));
        Receive<PassProtocol.AbandonPass>(abandon =>
        {
            _compute = Sender;
            machine.Abandon(abandon.Pass);
        });
    }

    /// <param name="setup">Limits and strategy.</param>
    /// <param name="states">What is resident, and the sets that are given back.</param>
    /// <param name="warm">Completed when the empty cache has been filled.</param>
    /// <param name="io">Reads.</param>
    public static Props Props(ResidencySetup setup, PipelineStates states, TaskCompletionSource warm, IActorRef io) =>
        Akka.Actor.Props.Create(() => new CacheActor(setup, states, warm, io)).WithDispatcher(ActorHosting.ComputeDispatcher);

    protected override void PreStart() => _machine.WarmUp();

    void IResidencyEffects.Fetch(FetchBatch batch) => _io.Tell(new FetchProtocol.Fetch(batch), Self);

    void IResidencyEffects.Hasten(FetchBatch batch) => _io.Tell(new FetchProtocol.Hasten(batch), Self);

    void IResidencyEffects.Grant(PassId pass, FrameLease lease) => _compute.Tell(new ResidencyProtocol.Granted(pass, lease), Self);

    void IResidencyEffects.Arrived(PassId pass, ReadOnlyMemory<int> ordinals, bool isLast) =>
        _compute.Tell(new ResidencyProtocol.Arrived(pass, ordinals, isLast), Self);

    void IResidencyEffects.Unavailable(PassId pass, Exception error) => _compute.Tell(new ResidencyProtocol.Unavailable(pass, error), Self);

    void IResidencyEffects.AllReturned(PassId pass) => _compute.Tell(new ResidencyProtocol.AllReturned(pass), Self);

    void IResidencyEffects.Release(NeuronSet neurons) => _sets.Return(neurons);

    void IResidencyEffects.WarmedUp() => _warm.TrySetResult();
}
