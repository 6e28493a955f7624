using Akka.Actor;
using Akka.TestKit;
using Neuralink.Actors.Compute;
using Neuralink.Actors.Protocols;
using Neuralink.Pipeline.Compute;
using Neuralink.Pipeline.Metrics;
using Neuralink.Placement;

namespace Neuralink.Actors.Tests.Protocols;

/// <summary>Compute between Generation, Predictor and Cache.</summary>
public sealed class ComputeActorSpecs : ProtocolSpecs
{
    private readonly NotedPass _pass = new();
    private readonly LayerCounters _counts = new(LayerCount);
    private readonly TestProbe _generation, _predictor, _cache;
    private readonly IActorRef _compute;

    public ComputeActorSpecs()
    {
        (_generation, _predictor, _cache) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe());
        ComputeSetup setup = new()
        {
            Pass = _pass,
            LayerCount = LayerCount,
            LooksAheadFirst = false,
            Strategy = StrategySwitches.Of(ExecutionStrategy.Cluster),
            Counts = _counts,
            Time = TimeProvider.System,
        };
        _compute = Sys.ActorOf(ComputeActor.Props(setup, _predictor, _cache));
    }

    [Fact]
    public void A_pass_goes_through_all_layers_and_answers_whoever_asked()
    {
        Run(1);
        for (int layer = 0; layer < LayerCount; layer++)
        {
            Next<PredictionProtocol.LayerReached>(_predictor).Should().Be(new PredictionProtocol.LayerReached(new(1), new(layer), 1));
            GrantHits(1, count: 3);
            Next<ResidencyProtocol.Returned>(_cache).Pass.Should().Be(new PassId(1));
        }
        Next<PassProtocol.PassDone>(_generation).Pass.Should().Be(new PassId(1));
        _pass.Done.Should().Equal(
            "begin 1", "attend 0", "activate 0,1,2", "down 3", "end 0", "attend 1", "activate 0,1,2", "down 3", "end 1",
            "logits 0+1");
        _counts[Counter.ActivePairs].Should().Be(6);
    }

    [Fact]
    public void Parts_of_several_sequences_share_a_pass_and_each_takes_its_own_logits()
    {
        List<(int, float)> prompt = [], context = [], decoding = [];
        SequencePart[] parts = [Part(4, logits: 2, prompt), Part(3, logits: 0, context), Part(1, logits: 1, decoding)];
        _compute.Tell(new PassProtocol.RunPass(new(1), parts), _generation);
        Next<PredictionProtocol.PassBegun>(_predictor).Batch.Should().Be(8);
        for (int layer = 0; layer < LayerCount; layer++)
        {
            Next<PredictionProtocol.LayerReached>(_predictor).Batch.Should().Be(8);
            GrantHits(1, count: 1);
            Next<ResidencyProtocol.Returned>(_cache);
        }
        Next<PassProtocol.PassDone>(_generation);
        // The noted pass gives the number of the row among those that want logits.
        prompt.Should().Equal((2, 0), (3, 1));
        context.Should().BeEmpty();
        decoding.Should().Equal((0, 2));
    }

    [Fact]
    public void What_comes_of_a_pass_that_is_over_changes_nothing()
    {
        Run(5);
        Next<PredictionProtocol.LayerReached>(_predictor);
        _compute.Tell(new ResidencyProtocol.Granted(new(4), Hits(7)), _cache);
        _compute.Tell(new PredictionProtocol.Predicted(new(4)), _predictor);
        _compute.Tell(new ResidencyProtocol.Arrived(new(4), new[] { 1 }, IsLast: true), _cache);
        _compute.Tell(new ResidencyProtocol.Unavailable(new(4), new IOException()), _cache);
        GrantHits(5, count: 2);
        Next<ResidencyProtocol.Returned>(_cache).Pass.Should().Be(new PassId(5));
        Next<PredictionProtocol.LayerReached>(_predictor).Layer.Should().Be(new LayerIndex(1));
        _pass.Done.Should().Equal("begin 1", "attend 0", "activate 0,1", "down 2", "end 0", "attend 1");
    }

    [Fact]
    public void An_abandoned_pass_ends_when_everything_is_returned_and_the_next_one_runs()
    {
        Run(1);
        Next<PredictionProtocol.LayerReached>(_predictor);
        _compute.Tell(new PassProtocol.AbandonPass(new(1)), _generation);
        Next<PassProtocol.AbandonPass>(_predictor).Pass.Should().Be(new PassId(1));
        GrantHits(1, count: 2);
        _compute.Tell(new ResidencyProtocol.AllReturned(new(1)), _cache);
        Next<PassProtocol.PassAbandoned>(_generation).Pass.Should().Be(new PassId(1));
        _pass.Done.Should().Equal("begin 1", "attend 0");
        Run(2);
        Next<PredictionProtocol.LayerReached>(_predictor).Pass.Should().Be(new PassId(2));
    }

    [Fact]
    public void A_pass_whose_reads_fail_is_abandoned_and_fails_with_their_error()
    {
        IOException error = new("a fault");
        Run(1);
        Next<PredictionProtocol.LayerReached>(_predictor);
        _compute.Tell(new ResidencyProtocol.Unavailable(new(1), error), _cache);
        Next<PassProtocol.AbandonPass>(_predictor);
        _compute.Tell(new ResidencyProtocol.AllReturned(new(1)), _cache);
        Next<PassProtocol.PassFailed>(_generation).Error.Should().BeSameAs(error);
    }

    [Fact]
    public void An_end_after_the_last_pass_takes_the_same_way()
    {
        _compute.Tell(new PassProtocol.AbandonPass(new(9)), _generation);
        Next<PassProtocol.AbandonPass>(_predictor).Pass.Should().Be(new PassId(9));
        _compute.Tell(new ResidencyProtocol.AllReturned(new(9)), _cache);
        Next<PassProtocol.PassAbandoned>(_generation).Pass.Should().Be(new PassId(9));
    }

    private void Run(long pass)
    {
        _compute.Tell(new PassProtocol.RunPass(new(pass), [Part(1, logits: 1)], LooksAhead: false), _generation);
        Next<PredictionProtocol.PassBegun>(_predictor).Should().Be(new PredictionProtocol.PassBegun(new(pass), 1, LooksAhead: false));
    }

    private void GrantHits(long pass, int count)
    {
        _compute.Tell(new ResidencyProtocol.Granted(new(pass), Hits(count)), _cache);
        _compute.Tell(new PredictionProtocol.Predicted(new(pass)), _predictor);
    }
}
