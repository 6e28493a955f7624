using Akka.Actor;
using Akka.TestKit;
using Neuralink.Actors.Prediction;
using Neuralink.Actors.Protocols;
using Neuralink.Pipeline.Metrics;
using Neuralink.Pipeline.Prediction;
using Neuralink.Placement;

namespace Neuralink.Actors.Tests.Protocols;

/// <summary>The Predictor between Compute and Cache.</summary>
public sealed class PredictorActorSpecs : ProtocolSpecs
{
    private readonly NeuronSetPool _sets = new(NeuronCount);
    private readonly LayerCounters _counts = new(LayerCount);
    private readonly TestProbe _compute, _cache;
    private readonly IActorRef _predictor;

    public PredictorActorSpecs()
    {
        (_compute, _cache) = (CreateTestProbe(), CreateTestProbe());
        PredictorSetup setup = new()
        {
            Prediction = new NotedPrediction(),
            Plan = new LookaheadPlan(LayerCount, distance: 1, firstCount: 1, _ => true),
            Counts = _counts,
            Time = TimeProvider.System,
        };
        _predictor = Sys.ActorOf(PredictorActor.Props(setup, _sets, _cache));
    }

    [Fact]
    public void A_layers_own_neurons_come_first_then_what_is_looked_ahead_to_and_then_the_workers_are_free()
    {
        _predictor.Tell(new PredictionProtocol.PassBegun(new(1), Batch: 3, LooksAhead: true), _compute);
        GiveTurn();
        Next<PredictionProtocol.MayBeNeeded>(_cache).Layer.Should().Be(new LayerIndex(0));
        Next<PredictionProtocol.Predicted>(_compute);
        _predictor.Tell(new PredictionProtocol.LayerReached(new(1), new(0), Batch: 3), _compute);
        Next<PredictionProtocol.Needed>(_cache).Neurons.Ids.ToArray().Should().Equal(new NeuronId(0), new NeuronId(1));
        _cache.LastSender.Should().Be(_compute.Ref, "the Cache answers Compute");
        GiveTurn();
        Next<PredictionProtocol.MayBeNeeded>(_cache).Layer.Should().Be(new LayerIndex(1));
        Next<PredictionProtocol.Predicted>(_compute);
        _predictor.Tell(new PredictionProtocol.LayerReached(new(1), new(1), Batch: 3), _compute);
        Next<PredictionProtocol.Needed>(_cache);
        Next<PredictionProtocol.Predicted>(_compute);
        (_counts[Counter.PredictedPairs], _counts[Counter.Tokens]).Should().Be((12, 6));
    }

    [Fact]
    public void Nothing_is_predicted_for_a_pass_that_was_abandoned()
    {
        _predictor.Tell(new PredictionProtocol.LayerReached(new(1), new(0), 1), _compute);
        _predictor.Tell(new PassProtocol.AbandonPass(new(1)), _compute);
        _predictor.Tell(new PredictionProtocol.LayerReached(new(1), new(1), 1), _compute);
        _predictor.Tell(new PredictionProtocol.LayerReached(new(2), new(1), 1), _compute);
        List<object> said = [];
        while (said.LastOrDefault() is not PredictionProtocol.Needed { Pass.Value: 2 })
            said.Add(Next<object>(_cache));
        int abandoned = said.FindIndex(m => m is PassProtocol.AbandonPass);
        said[abandoned..].Should().HaveCount(2, "behind the request there is only what the next pass wants");
    }

    /// <summary>The Predictor goes on when the Cache has handled what it was told before.</summary>
    private void GiveTurn()
    {
        PredictionProtocol.Continue next = Next<PredictionProtocol.Continue>(_cache);
        _cache.LastSender.Should().Be(_compute.Ref);
        next.Predictor.Tell(next, _compute);
    }
}
