using Akka.Actor;
using Akka.TestKit;
using Neuralink.Actors.Generation;
using Neuralink.Actors.Protocols;
using Neuralink.Actors.Tests.Pipeline;
using Neuralink.Models.Configuration;
using Neuralink.Pipeline.Compute;
using Neuralink.Pipeline.Metrics;
using Neuralink.Storage.Image;

namespace Neuralink.Actors.Tests.Protocols;

/// <summary>Generation between the engine and Compute.</summary>
public sealed class GenerationActorSpecs : ProtocolSpecs, IClassFixture<RandomImage>
{
    private static readonly int[] s_tokens = [1, 2, 3, 4];

    private readonly TestProbe _compute;
    private readonly IActorRef _generation;
    private readonly TaskCompletionSource<ScoreResult> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public GenerationActorSpecs(RandomImage image)
    {
        _compute = CreateTestProbe();
        ModelConfig config = ModelConfigJson.Read(FlashImage.Open(image.Folder));
        LayerCounters counters = new(config.LayerCount);
        GenerationSetup setup = new(config, Logits: null!, ChunkTokens: 2, PayloadBytes: 64, counters, TimeProvider.System);
        _generation = Sys.ActorOf(GenerationActor.Props(setup, _compute));
        _generation.Tell(new GenerationProtocol.Score(1, new ScoreRequest { Tokens = s_tokens }, _result));
    }

    [Fact]
    public async Task A_job_runs_pass_after_pass_and_is_over_when_nothing_of_it_is_left()
    {
        PassProtocol.RunPass first = Next<PassProtocol.RunPass>(_compute);
        (first.Tokens.Length, first.Position).Should().Be((2, 0));
        _generation.Tell(new PassProtocol.PassDone(first.Pass, 1.5), _compute);
        PassProtocol.RunPass second = Next<PassProtocol.RunPass>(_compute);
        (second.Tokens.Length, second.Position, second.ScoreSoFar).Should().Be((1, 2, 1.5));
        second.Pass.Value.Should().BeGreaterThan(first.Pass.Value);
        _generation.Tell(new PassProtocol.PassDone(second.Pass, 2.5), _compute);
        Next<PassProtocol.AbandonPass>(_compute).Pass.Should().Be(second.Pass);
        _result.Task.IsCompleted.Should().BeFalse();
        _generation.Tell(new PassProtocol.PassAbandoned(second.Pass), _compute);
        (await _result.Task).NegativeLogLikelihood.Should().Be(2.5);
    }

    [Fact]
    public async Task A_cancelled_job_drops_its_pass_and_ignores_what_that_had_said_before()
    {
        PassId pass = Next<PassProtocol.RunPass>(_compute).Pass;
        _generation.Tell(new GenerationProtocol.Cancel(7));
        _generation.Tell(new GenerationProtocol.Cancel(1));
        Next<PassProtocol.AbandonPass>(_compute).Pass.Should().Be(pass);
        _generation.Tell(new PassProtocol.PassDone(pass, 1), _compute);
        _generation.Tell(new GenerationProtocol.Cancel(1));
        _generation.Tell(new PassProtocol.PassAbandoned(pass), _compute);
        await _result.Invoking(r => r.Task).Should().ThrowAsync<OperationCanceledException>();
        _generation.Tell(new GenerationProtocol.Score(2, new ScoreRequest { Tokens = s_tokens }, new TaskCompletionSource<ScoreResult>()));
        Next<PassProtocol.RunPass>(_compute).Pass.Value.Should().BeGreaterThan(pass.Value);
    }

    [Fact]
    public async Task A_job_whose_pass_fails_ends_with_the_error()
    {
        IOException error = new("a fault");
        PassId pass = Next<PassProtocol.RunPass>(_compute).Pass;
        _generation.Tell(new PassProtocol.PassFailed(pass, error), _compute);
        Next<PassProtocol.AbandonPass>(_compute);
        _generation.Tell(new PassProtocol.PassAbandoned(pass), _compute);
        (await _result.Invoking(r => r.Task).Should().ThrowAsync<IOException>()).Which.Should().BeSameAs(error);
    }
}
