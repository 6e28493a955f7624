using Neuralink.Actors.Hosting;
using Neuralink.Actors.Protocols;
using Neuralink.Actors.Tracing;
using Neuralink.Kernels;
using Neuralink.Models.Inference;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Models.Weights;
using Neuralink.Placement;

namespace Neuralink.Actors.Prediction;

/// <summary>
/// Says which neurons a layer needs, and then looks ahead to a later layer. Both run on the worker pool, which Compute leaves to
/// it meanwhile: the lookahead fills the time in which what the layer lacks is read, and takes no processor from the computing threads
/// (docs/experiments.md). See <see cref="PredictionProtocol"/>.
/// </summary>
internal sealed class PredictorActor : ReceiveActor
{
    private readonly PredictorSetup _setup;
    private readonly NeuronSetPool _sets;
    private readonly IActorRef _cache;
    private PassId _dropped;      // nothing is named for it any more, nor for those before it

    public PredictorActor(PredictorSetup setup, NeuronSetPool sets, IActorRef cache)
    {
        _setup = setup;
        _sets = sets;
        _cache = cache;
        Receive<PredictionProtocol.PassBegun>(Begin);
        Receive<PredictionProtocol.LayerReached>(Predict);
        Receive<LookAhead>(next =>
        {
            if (next.Pass.Value <= _dropped.Value)
                return;
            Name(next);
            Sender.Tell(new PredictionProtocol.Predicted(next.Pass), Self);
        });
        Receive<PassProtocol.AbandonPass>(abandon =>
        {
            _dropped = abandon.Pass;
            _cache.Forward(abandon);
        });
    }

    public static Props Props(PredictorSetup setup, NeuronSetPool sets, IActorRef cache) =>
        Akka.Actor.Props.Create(() => new PredictorActor(setup, sets, cache)).WithDispatcher(ActorHosting.ComputeDispatcher);

    private void Begin(PredictionProtocol.PassBegun begun)
    {
        _setup.Predictor.BeginPass(begun.Position, begun.Batch);
        _setup.Lookahead.Predictor?.BeginPass(begun.Position, begun.Batch);
        if (!begun.LooksAhead)
            return;
        for (int target = 0; target < _setup.Lookahead.FirstCount; target++)
        {
            if (_setup.Lookahead.Predictor!.Covers(target))
                Name(new LookAhead(begun.Pass, new LayerIndex(target), Input: target, begun.Batch));
        }
        Sender.Tell(new PredictionProtocol.Predicted(begun.Pass), Self);
    }

    /// <summary>The lookahead waits for its turn behind what the layer's own neurons make the Cache do.</summary>
    private void Predict(PredictionProtocol.LayerReached reached)
    {
        PredictOwn(reached);
        if (_setup.Lookahead.TargetOf(reached.Layer.Value) is { } target)
            Self.Tell(new LookAhead(reached.Pass, new LayerIndex(target), Input: 0, reached.Batch), Sender);
        else
            Sender.Tell(new PredictionProtocol.Predicted(reached.Pass), Self);
    }

    private void PredictOwn(PredictionProtocol.LayerReached reached)
    {
        long start = _setup.Time.GetTimestamp();
        NeuronSet set = _sets.Rent();
        FloatTensor input = _setup.Predictor.Input == PredictorInput.Residual ? _setup.Activations.Residual : _setup.Activations.FfnInput;
        int firing = _setup.Predictor.Predict(_setup.Pool, reached.Layer.Value, input, reached.Batch, 0, _setup.NeuronCount, set), count = set.Count;
        _setup.Counts.Add(reached.Layer, Counter.PredictedPairs, firing);
        _setup.Counts.Add(reached.Layer, Counter.Tokens, reached.Batch);
        _cache.Tell(new PredictionProtocol.Fires(reached.Pass, reached.Layer, set), Sender);
        _setup.Trace?.Span("predict", reached.Layer, start, _setup.Time.GetTimestamp(), "neurons", count);
    }

    // All of a layer at once: parts of it lie scattered over its order on flash, and their reads could not be merged (docs/experiments.md).
    private void Name(LookAhead next)
    {
        long start = _setup.Time.GetTimestamp();
        NeuronSet set = _sets.Rent();
        FloatTensor input = _setup.Lookahead.Input(next.Input);
        _setup.Lookahead.Predictor!.Predict(_setup.Pool, next.Target.Value, input, next.Batch, 0, _setup.NeuronCount, set);
        int count = set.Count;
        if (count > 0)
            _cache.Tell(new PredictionProtocol.MayFire(next.Pass, next.Target, set), Self);
        else
            _sets.Return(set);
        _setup.Trace?.Span("lookahead", next.Target, start, _setup.Time.GetTimestamp(), "neurons", count);
    }

    /// <summary>To itself: name the neurons of a later layer.</summary>
    private sealed record LookAhead(PassId Pass, LayerIndex Target, int Input, int Batch) : INoSerializationVerificationNeeded;
}

/// <summary>What the Predictor works with.</summary>
/// <param name="Predictor">Of the layer that is reached.</param>
/// <param name="Pool">Compute's workers, which Compute leaves alone until Predicted.</param>
/// <param name="Activations">Where the layer's input is.</param>
/// <param name="Lookahead">Who looks ahead, to where, and from what.</param>
/// <param name="Counts">Has the counters of the Predictor.</param>
/// <param name="NeuronCount">Neurons of a layer.</param>
/// <param name="Time">The clock.</param>
/// <param name="Trace">The actor's track, or null.</param>
internal sealed record PredictorSetup(
    NeuronPredictor Predictor, WorkerPool Pool, Activations Activations, LookaheadInputs Lookahead, LayerCounters Counts,
    int NeuronCount, TimeProvider Time, TraceTrack? Trace);
