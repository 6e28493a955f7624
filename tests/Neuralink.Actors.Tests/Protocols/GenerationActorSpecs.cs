using Akka.Actor;
using Akka.TestKit;
using Neuralink.Actors.Generation;
using Neuralink.Actors.Protocols;
using Neuralink.Pipeline.Compute;

namespace Neuralink.Actors.Tests.Protocols;

/// <summary>Generation between the engine and Compute.</summary>
public sealed class GenerationActorSpecs : ProtocolSpecs
{
    private readonly TestProbe _compute;
    private readonly IActorRef _generation;
    private readonly NotedJob _job = new(passes: 2);

    public GenerationActorSpecs()
    {
        _compute = CreateTestProbe();
        _generation = Sys.ActorOf(GenerationActor.Props(_compute));
        _generation.Tell(new GenerationProtocol.Run(1, _job));
    }

    [Fact]
    public async Task A_job_runs_pass_after_pass_and_is_over_when_nothing_of_it_is_left()
    {
        PassProtocol.RunPass first = Next<PassProtocol.RunPass>(_compute);
        first.Position.Should().Be(1, "the job had begun");
        _generation.Tell(new PassProtocol.PassDone(first.Pass, 1.5), _compute);
        PassProtocol.RunPass second = Next<PassProtocol.RunPass>(_compute);
        (second.Position, second.ScoreSoFar).Should().Be((2, 1.5));
        second.Pass.Value.Should().BeGreaterThan(first.Pass.Value);
        _generation.Tell(new PassProtocol.PassDone(second.Pass, 2.5), _compute);
        Next<PassProtocol.AbandonPass>(_compute).Pass.Should().Be(second.Pass);
        _job.Ended.IsCompleted.Should().BeFalse();
        _generation.Tell(new PassProtocol.PassAbandoned(second.Pass), _compute);
        (await _job.Ended).Should().Be(2.5);
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
        await _job.Invoking(j => j.Ended).Should().ThrowAsync<OperationCanceledException>();
        _generation.Tell(new GenerationProtocol.Run(2, new NotedJob(passes: 1)));
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
        (await _job.Invoking(j => j.Ended).Should().ThrowAsync<IOException>()).Which.Should().BeSameAs(error);
    }

    /// <summary>Wants so many passes of one token; position n is that of pass n, from 1 on.</summary>
    private sealed class NotedJob(int passes) : IJob
    {
        private static readonly int[] s_token = [1];

        private readonly TaskCompletionSource<double> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _position = int.MinValue;
        private double _score;

        /// <summary>The score of the last pass, when the job has been told its end.</summary>
        public Task<double> Ended => _ended.Task;

        public void Begin() => _position = 0;

        public PassProtocol.RunPass NextPass(PassId pass) =>
            new(pass, s_token, ++_position, WantsLogits: false, ScoreSoFar: _score);

        public bool Accept(PassProtocol.PassDone done)
        {
            _score = done.Score;
            return _position < passes;
        }

        public void Finish(Exception? error)
        {
            if (error is null)
                _ended.SetResult(_score);
            else
                _ended.SetException(error);
        }
    }
}
