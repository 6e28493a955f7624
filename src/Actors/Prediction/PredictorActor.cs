using Neuralink.Actors.Protocols;
using Neuralink.Actors.Tracing;
using Neuralink.Kernels;
using Neuralink.Models.Inference;
using Neuralink.Models.Weights;
using Neuralink.Placement;

namespace Neuralink.Actors.Prediction;

/// <summary>
/// Says which neurons a layer needs. Exactly, on the worker pool, when Compute has reached the layer and waits; and ahead of it, on its own
/// thread and a block of neurons at a time, while Compute works: a block is a message to itself, so that the exact request for the
/// next layer overtakes what is left of the lookahead, which is then pointless. See <see cref="PredictionProtocol"/>.
/// </summary>
internal sealed class PredictorActor : ReceiveActor
{
    // A block is about a tenth of a millisecond of one thread: short against a layer, long against a message.
    private const int BlockProductsMax = 1 << 20;

    private readonly PredictorSetup _setup;
    private readonly IActorRef _cache;
    private Lookahead? _lookahead;

    public PredictorActor(PredictorSetup setup, IActorRef cache)
    {
        _setup = setup;
        _cache = cache;
        Receive<PredictionProtocol.LayerReached>(reached =>
        {
            Predict(reached);
            LookAhead(reached);
        });
        Receive<Lookahead>(ContinueLookahead, IsCurrent);
        Receive<Lookahead>(_ => { });
        Receive<PassProtocol.AbandonPass>(abandon =>
        {
            _lookahead = null;
            _cache.Forward(abandon);
        });
    }

    private bool IsCurrent(Lookahead lookahead) => ReferenceEquals(lookahead, _lookahead);

    private void Predict(PredictionProtocol.LayerReached reached)
    {
        long start = _setup.Time.GetTimestamp();
        NeuronSet set = _setup.Sets.Rent();
        int firing = _setup.Predictor.Predict(_setup.Pool, reached.Layer.Value, _setup.Input, reached.Batch, set);
        _setup.Counts.Add(reached.Layer, firing, reached.Batch);
        int count = set.Count;
        _cache.Tell(new PredictionProtocol.Fires(reached.Pass, reached.Layer, set), Self);
        _setup.Trace?.Span("exact", reached.Layer, start, _setup.Time.GetTimestamp(), "neurons", count);
    }

    private void LookAhead(PredictionProtocol.LayerReached reached)
    {
        _lookahead = null;
        LayerIndex next = new(reached.Layer.Value + 1);
        if (_setup.Lookahead is null || next.Value == _setup.LayerCount)
            return;
        _lookahead = new Lookahead(reached.Pass, next, reached.Batch);
        Self.Tell(_lookahead, Self);
    }

    private void ContinueLookahead(Lookahead lookahead)
    {
        long start = _setup.Time.GetTimestamp();
        FloatTensor input = _setup.Lookahead![lookahead.Layer.Value % 2];
        int rows = Math.Max(16, BlockProductsMax / (input.Columns * lookahead.Batch) / 16 * 16);
        int begin = lookahead.NextNeuron, end = Math.Min(begin + rows, _setup.NeuronCount);
        NeuronSet set = _setup.Sets.Rent();
        _setup.Predictor.PredictBlock(lookahead.Layer.Value, input, lookahead.Batch, begin, end, set);
        int count = set.Count;
        if (count > 0)
            _cache.Tell(new PredictionProtocol.MayFire(lookahead.Pass, lookahead.Layer, set), Self);
        else
            _setup.Sets.Return(set);
        _setup.Trace?.Span("lookahead", lookahead.Layer, start, _setup.Time.GetTimestamp(), "neurons", count);
        lookahead.NextNeuron = end;
        if (end < _setup.NeuronCount)
            Self.Tell(lookahead, Self);
        else
            _lookahead = null;
    }

    /// <summary>How far the lookahead for one layer has come: the Predictor's message to itself, which nobody else sees.</summary>
    private sealed class Lookahead(PassId pass, LayerIndex layer, int batch) : INoSerializationVerificationNeeded
    {
        public PassId Pass { get; } = pass;

        public LayerIndex Layer { get; } = layer;

        public int Batch { get; } = batch;

        public int NextNeuron { get; set; }
    }
}

/// <summary>What the Predictor works with.</summary>
/// <param name="Predictor">The exact predictor.</param>
/// <param name="Pool">Compute's workers, idle while it waits for the exact set.</param>
/// <param name="Input">The current layer's FFN input, [B, d].</param>
/// <param name="Lookahead">The guessed FFN inputs of the next layer, by its parity; null without lookahead.</param>
/// <param name="Sets">Where sets come from.</param>
/// <param name="Counts">Where firing is counted.</param>
/// <param name="LayerCount">Layers.</param>
/// <param name="NeuronCount">Neurons of a layer.</param>
/// <param name="Time">The clock.</param>
/// <param name="Trace">The actor's track, or null.</param>
internal sealed record PredictorSetup(
    ExactPredictor Predictor, WorkerPool Pool, FloatTensor Input, FloatTensor[]? Lookahead, NeuronSetPool Sets, FiringCounts Counts,
    int LayerCount, int NeuronCount, TimeProvider Time, TraceTrack? Trace);
