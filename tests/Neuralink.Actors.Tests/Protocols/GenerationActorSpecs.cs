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
        first.Parts.Single().Tokens.Length.Should().Be(1, "the job had begun");
        _generation.Tell(new PassProtocol.PassDone(first.Pass), _compute);
        PassProtocol.RunPass second = Next<PassProtocol.RunPass>(_compute);
        second.Parts.Single().Tokens.Length.Should().Be(2, "the job has taken the first");
        second.Pass.Value.Should().BeGreaterThan(first.Pass.Value);
        _generation.Tell(new PassProtocol.PassDone(second.Pass), _compute);
        Next<PassProtocol.AbandonPass>(_compute).Pass.Should().Be(second.Pass);
        _job.Ended.IsCompleted.Should().BeFalse();
        _generation.Tell(new PassProtocol.PassAbandoned(second.Pass), _compute);
        (await _job.Ended).Should().Be(2);
    }

    [Fact]
    public async Task A_cancelled_job_drops_its_pass_and_ignores_what_that_had_said_before()
    {
        PassId pass = Next<PassProtocol.RunPass>(_compute).Pass;
        _generation.Tell(new GenerationProtocol.Cancel(7));
        _generation.Tell(new GenerationProtocol.Cancel(1));
        Next<PassProtocol.AbandonPass>(_compute).Pass.Should().Be(pass);
        _generation.Tell(new PassProtocol.PassDone(pass), _compute);
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

    /// <summary>Wants so many passes; pass n, from 1 on, is of n tokens.</summary>
    private sealed class NotedJob(int passes) : IJob
    {
        private readonly TaskCompletionSource<int> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _begun = int.MinValue;
        private int _done;

        /// <summary>How many passes are done, when the job has been told its end.</summary>
        public Task<int> Ended => _ended.Task;

        public void Begin() => _begun = 0;

        public PassProtocol.RunPass NextPass(PassId pass) => new(pass, [Part(++_begun, logits: 1)]);

        public bool Accept(PassProtocol.PassDone done) => ++_done < passes;

        public void Finish(Exception? error)
        {
            if (error is null)
                _ended.SetResult(_done);
            else
                _ended.SetException(error);
        }
    }
}
