using Neuralink.Actors.Protocols;
using Neuralink.Actors.Tracing;
using Neuralink.Kernels;
using Neuralink.Models.Inference;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Models.Weights;
using Neuralink.Placement;

namespace Neuralink.Actors.Prediction;

/// <summary>
/// Says which neurons a layer needs, exactly, and then looks ahead to the next layer. Both run on the worker pool, which Compute leaves to
/// it meanwhile: the lookahead fills the time in which what the layer lacks is read, and takes no processor from the computing threads
/// (docs/experiments.md). See <see cref="PredictionProtocol"/>.
/// </summary>
internal sealed class PredictorActor : ReceiveActor
{
    // Parts of a lookahead: reading for the first part begins while the others are computed.
    private const int LookaheadParts = 4;

    // Neurons of a part are a multiple of four cache lines of gates: whole ones for each of four workers.
    private const int PartMultiple = 64;

    private readonly PredictorSetup _setup;
    private readonly IActorRef _cache;

    public PredictorActor(PredictorSetup setup, IActorRef cache)
    {
        _setup = setup;
        _cache = cache;
        Receive<PredictionProtocol.LayerReached>(reached =>
        {
            Predict(reached);
            if (_setup.Lookahead is { } input && reached.Layer.Value + 1 < _setup.LayerCount)
                LookAhead(reached, input);
            Sender.Tell(new PredictionProtocol.Predicted(reached.Pass), Self);
        });
        Receive<PassProtocol.AbandonPass>(_cache.Forward);
    }

    private void Predict(PredictionProtocol.LayerReached reached)
    {
        long start = _setup.Time.GetTimestamp();
        NeuronSet set = _setup.Sets.Rent();
        int firing = _setup.Predictor.Predict(_setup.Pool, reached.Layer.Value, _setup.Input, reached.Batch, 0, _setup.NeuronCount, set), count = set.Count;
        _setup.Counts.Add(reached.Layer, firing, reached.Batch);
        _cache.Tell(new PredictionProtocol.Fires(reached.Pass, reached.Layer, set), Self);
        _setup.Trace?.Span("exact", reached.Layer, start, _setup.Time.GetTimestamp(), "neurons", count);
    }

    private void LookAhead(PredictionProtocol.LayerReached reached, FloatTensor input)
    {
        LayerIndex next = new(reached.Layer.Value + 1);
        int part = ((_setup.NeuronCount / LookaheadParts) + PartMultiple - 1) / PartMultiple * PartMultiple;
        for (int begin = 0; begin < _setup.NeuronCount; begin += part)
        {
            long start = _setup.Time.GetTimestamp();
            NeuronSet set = _setup.Sets.Rent();
            _setup.Predictor.Predict(_setup.Pool, next.Value, input, reached.Batch, begin, Math.Min(begin + part, _setup.NeuronCount), set);
            int count = set.Count;
            if (count > 0)
                _cache.Tell(new PredictionProtocol.MayFire(reached.Pass, next, set), Self);
            else
                _setup.Sets.Return(set);
            _setup.Trace?.Span("lookahead", next, start, _setup.Time.GetTimestamp(), "neurons", count);
        }
    }
}

/// <summary>What the Predictor works with.</summary>
/// <param name="Predictor">The exact predictor.</param>
/// <param name="Pool">Compute's workers, which Compute leaves alone from LayerReached to Predicted.</param>
/// <param name="Input">The current layer's FFN input, [B, d].</param>
/// <param name="Lookahead">The guessed FFN input of the next layer, [B, d]; null without lookahead.</param>
/// <param name="Sets">Where sets come from.</param>
/// <param name="Counts">Where firing is counted.</param>
/// <param name="LayerCount">Layers.</param>
/// <param name="NeuronCount">Neurons of a layer.</param>
/// <param name="Time">The clock.</param>
/// <param name="Trace">The actor's track, or null.</param>
internal sealed record PredictorSetup(
    ExactPredictor Predictor, WorkerPool Pool, FloatTensor Input, FloatTensor? Lookahead, NeuronSetPool Sets, FiringCounts Counts,
    int LayerCount, int NeuronCount, TimeProvider Time, TraceTrack? Trace);
