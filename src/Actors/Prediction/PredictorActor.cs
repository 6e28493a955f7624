using Neuralink.Actors.Figures;
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
    private readonly IActorRef _cache;

    public PredictorActor(PredictorSetup setup, IActorRef cache)
    {
        _setup = setup;
        _cache = cache;
        Receive<PredictionProtocol.PassBegun>(begun =>
        {
            _setup.Predictor.BeginPass(begun.Position, begun.Batch);
            _setup.Lookahead.Predictor?.BeginPass(begun.Position, begun.Batch);
            if (!begun.LooksAhead)
                return;
            for (int target = 0; target < _setup.Lookahead.FirstCount; target++)
            {
                if (!_setup.Lookahead.Predictor!.Covers(target))
                    continue;
                LookAhead(begun.Pass, new LayerIndex(target), _setup.Lookahead.Input(target), begun.Batch);
            }
            Sender.Tell(new PredictionProtocol.Predicted(begun.Pass), Self);
        });
        Receive<PredictionProtocol.LayerReached>(reached =>
        {
            Predict(reached);
            if (_setup.Lookahead.TargetOf(reached.Layer.Value) is { } target)
                LookAhead(reached.Pass, new LayerIndex(target), _setup.Lookahead.Input(0), reached.Batch);
            Sender.Tell(new PredictionProtocol.Predicted(reached.Pass), Self);
        });
        Receive<PassProtocol.AbandonPass>(_cache.Forward);
    }

    private void Predict(PredictionProtocol.LayerReached reached)
    {
        long start = _setup.Time.GetTimestamp();
        NeuronSet set = _setup.Sets.Rent();
        FloatTensor input = _setup.Predictor.Input == PredictorInput.Residual ? _setup.Activations.Residual : _setup.Activations.FfnInput;
        int firing = _setup.Predictor.Predict(_setup.Pool, reached.Layer.Value, input, reached.Batch, 0, _setup.NeuronCount, set), count = set.Count;
        _setup.Counts.Add(reached.Layer, Counter.PredictedPairs, firing);
        _setup.Counts.Add(reached.Layer, Counter.Tokens, reached.Batch);
        _cache.Tell(new PredictionProtocol.Fires(reached.Pass, reached.Layer, set), Self);
        _setup.Trace?.Span("predict", reached.Layer, start, _setup.Time.GetTimestamp(), "neurons", count);
    }

    // All of a layer at once: parts of it lie scattered over its order on flash, and their reads could not be merged (docs/experiments.md).
    private void LookAhead(PassId pass, LayerIndex target, FloatTensor input, int batch)
    {
        long start = _setup.Time.GetTimestamp();
        NeuronSet set = _setup.Sets.Rent();
        _setup.Lookahead.Predictor!.Predict(_setup.Pool, target.Value, input, batch, 0, _setup.NeuronCount, set);
        int count = set.Count;
        if (count > 0)
            _cache.Tell(new PredictionProtocol.MayFire(pass, target, set), Self);
        else
            _setup.Sets.Return(set);
        _setup.Trace?.Span("lookahead", target, start, _setup.Time.GetTimestamp(), "neurons", count);
    }
}

/// <summary>What the Predictor works with.</summary>
/// <param name="Predictor">Of the layer that is reached.</param>
/// <param name="Pool">Compute's workers, which Compute leaves alone until Predicted.</param>
/// <param name="Activations">Where the layer's input is.</param>
/// <param name="Lookahead">Who looks ahead, to where, and from what.</param>
/// <param name="Sets">Where sets come from.</param>
/// <param name="Counts">Has the counters of the Predictor.</param>
/// <param name="NeuronCount">Neurons of a layer.</param>
/// <param name="Time">The clock.</param>
/// <param name="Trace">The actor's track, or null.</param>
internal sealed record PredictorSetup(
    NeuronPredictor Predictor, WorkerPool Pool, Activations Activations, LookaheadInputs Lookahead, NeuronSetPool Sets, LayerCounters Counts,
    int NeuronCount, TimeProvider Time, TraceTrack? Trace);
