using Neuralink.Actors.Hosting;
using Neuralink.Actors.Protocols;
using Neuralink.Pipeline.Prediction;
using Neuralink.Placement;

namespace Neuralink.Actors.Prediction;

/// <summary>
/// Says which neurons a layer needs, and looks ahead to a later layer, when <see cref="PredictionMachine"/> says so. Both run on the worker
/// pool, which Compute leaves to it meanwhile: the lookahead fills the time in which what the layer lacks is read, and takes no processor
/// from the computing threads (docs/experiments/overlap.md). See <see cref="PredictionProtocol"/>.
/// </summary>
internal sealed class PredictorActor : ReceiveActor, IPredictionEffects
{
    private readonly PredictorSetup _setup;
    private readonly NeuronSetPool _sets;
    private readonly IActorRef _cache;

    public PredictorActor(PredictorSetup setup, NeuronSetPool sets, IActorRef cache)
    {
        _setup = setup;
        _sets = sets;
        _cache = cache;
        PredictionMachine machine = new(setup.Plan, this);
        Receive<PredictionProtocol.PassBegun>(begun => machine.PassBegun(begun.Pass, begun.Batch, begun.LooksAhead));
        Receive<PredictionProtocol.LayerReached>(reached => machine.LayerReached(reached.Pass, reached.Layer, reached.Batch));
        Receive<PredictionProtocol.Continue>(next => machine.Continue(next.Pass));
        Receive<PassProtocol.AbandonPass>(abandon => machine.Abandon(abandon.Pass));
    }

    public static Props Props(PredictorSetup setup, NeuronSetPool sets, IActorRef cache) =>
        Akka.Actor.Props.Create(() => new PredictorActor(setup, sets, cache)).WithDispatcher(ActorHosting.ComputeDispatcher);

    void IPredictionEffects.BeginPass(int batch) => _setup.Prediction.BeginPass();

    void IPredictionEffects.Predict(PassId pass, LayerIndex layer, int batch)
    {
        long start = _setup.Time.GetTimestamp();
        NeuronSet set = _sets.Rent();
        int pairs = _setup.Prediction.Predict(layer, batch, set), count = set.Count;
        _setup.Counts.Add(layer, Counter.PredictedPairs, pairs);
        _setup.Counts.Add(layer, Counter.Tokens, batch);
        _cache.Tell(new PredictionProtocol.Needed(pass, layer, set), Sender);      // the Cache answers Compute
        _setup.Timeline?.Span("predict", layer, start, _setup.Time.GetTimestamp(), "neurons", count);
    }

    void IPredictionEffects.LookAhead(PassId pass, LayerIndex target, LookaheadRank rank, int input, int batch)
    {
        long start = _setup.Time.GetTimestamp();
        NeuronSet set = _sets.Rent();
        _setup.Prediction.LookAhead(target, rank, input, batch, set);
        if (rank == LookaheadRank.Earlier)
            _setup.Counts.Add(target, Counter.LookaheadTokens, batch);
        int count = set.Count;
        if (count > 0)
            _cache.Tell(new PredictionProtocol.MayBeNeeded(pass, target, set, rank), Self);
        else
            _sets.Return(set);
        string what = rank == LookaheadRank.Own ? "second look" : "lookahead";
        _setup.Timeline?.Span(what, target, start, _setup.Time.GetTimestamp(), "neurons", count);
    }

    // By way of the Cache, which has then handled what it was told before. A message straight to itself may be handled first: a dispatcher
    // runs an actor for more messages than one.
    void IPredictionEffects.Yield(PassId pass) => _cache.Tell(new PredictionProtocol.Continue(pass, Self), Sender);

    void IPredictionEffects.ReleaseWorkers(PassId pass) => Sender.Tell(new PredictionProtocol.Predicted(pass), Self);

    void IPredictionEffects.Abandon(PassId pass) => _cache.Tell(new PassProtocol.AbandonPass(pass), Sender);
}

/// <summary>What the Predictor works with.</summary>
internal sealed record PredictorSetup
{
    /// <summary>The arithmetic.</summary>
    public required INeuronPrediction Prediction { get; init; }

    /// <summary>Which layers are looked ahead to.</summary>
    public required LookaheadPlan Plan { get; init; }

    /// <summary>Has the counters of the Predictor.</summary>
    public required LayerCounters Counts { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary>The actor's track, or null.</summary>
    public TimelineTrack? Timeline { get; init; }
}
