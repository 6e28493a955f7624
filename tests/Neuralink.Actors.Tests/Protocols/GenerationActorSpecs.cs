using Akka.Actor;
using Akka.TestKit;
using Neuralink.Actors.Generation;
using Neuralink.Actors.Protocols;
using Neuralink.Models.Configuration;
using Neuralink.Models.Inference;
using Neuralink.Pipeline.Compute;
using Neuralink.Pipeline.Metrics;
using Neuralink.Pipeline.Scheduling;
using Neuralink.Placement;
using Neuralink.Storage.Memory;
using Neuralink.Tests.Support;

namespace Neuralink.Actors.Tests.Protocols;

/// <summary>Generation between the engine and Compute.</summary>
public sealed class GenerationActorSpecs : ProtocolSpecs
{
    private readonly NativeArena _arena = new(1 << 22);
    private readonly LayerCounters _counters = new(LayerCount);
    private readonly KvBlockPool _blocks;
    private readonly TestProbe _compute;
    private readonly IActorRef _generation;

    public GenerationActorSpecs()
    {
        using RandomModel model = new(RandomModels.LlamaRelu);
        _blocks = new KvBlockPool(_arena, HuggingFaceConfig.Read(model.Folder), blockCount: 8, blockPositions: 4);
        _compute = CreateTestProbe();
        _generation = Sys.ActorOf(GenerationActor.Props(
            new GenerationSetup
            {
                Limits = new SchedulerLimits(RowsMax: 4, RunningMax: 3),
                Blocks = _blocks,
                PositionsMax = 32,
                Counters = _counters,
                Time = TimeProvider.System,
            },
            _compute));
    }

    [Fact]
    public async Task A_job_runs_pass_after_pass_and_is_over_when_nothing_of_it_is_left()
    {
        NotedJob job = Run(1, prompt: 6, newTokens: 2);
        PassProtocol.RunPass first = NextPass();
        first.Parts.Single().Tokens.Length.Should().Be(4);
        first.Parts.Single().LogitsCount.Should().Be(0);
        Done(first);
        PassProtocol.RunPass second = NextPass();
        second.Parts.Single().Tokens.ToArray().Should().Equal(4, 5);
        second.Pass.Value.Should().BeGreaterThan(first.Pass.Value);
        Done(second);
        Done(NextPass());
        PassId last = Next<PassProtocol.AbandonPass>(_compute).Pass;
        job.Ended.IsCompleted.Should().BeFalse();
        _generation.Tell(new PassProtocol.PassAbandoned(last), _compute);
        (await job.Ended).Should().Be(8);
        _blocks.FreeCount.Should().Be(8);
    }

    [Fact]
    public void Jobs_that_come_while_a_pass_runs_are_in_the_next()
    {
        Run(1, prompt: 1, newTokens: 9);
        PassProtocol.RunPass first = NextPass();
        Run(2, prompt: 2, newTokens: 9);
        Run(3, prompt: 7, newTokens: 9);
        Done(first);
        NextPass().Parts.Select(part => part.Tokens.Length).Should().Equal(1, 2, 1);
    }

    [Fact]
    public async Task A_job_that_ends_beside_others_is_told_at_once()
    {
        NotedJob ends = Run(1, prompt: 1, newTokens: 1);
        PassProtocol.RunPass pass = NextPass();
        Run(2, prompt: 2, newTokens: 9);
        Done(pass);
        (await ends.Ended).Should().Be(2);
        NextPass().Parts.Should().ContainSingle();
    }

    [Fact]
    public async Task A_cancelled_job_drops_its_pass_and_ignores_what_that_had_said_before()
    {
        NotedJob job = Run(1, 1, 9);
        PassId pass = NextPass().Pass;
        Cancel(7);
        Cancel(1);
        Next<PassProtocol.AbandonPass>(_compute).Pass.Should().Be(pass);
        _generation.Tell(new PassProtocol.PassDone(pass), _compute);
        Cancel(1);
        _generation.Tell(new PassProtocol.PassAbandoned(pass), _compute);
        await job.Invoking(j => j.Ended).Should().ThrowAsync<OperationCanceledException>();
        Run(2, 1, 1);
        NextPass().Pass.Value.Should().BeGreaterThan(pass.Value);
    }

    [Fact]
    public async Task A_cancelled_job_leaves_the_pass_to_the_others()
    {
        NotedJob first = Run(1, 1, 9);
        PassProtocol.RunPass pass = NextPass();
        Run(2, 1, 9);
        Done(pass);
        pass = NextPass();
        Cancel(1);
        _compute.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        Done(pass);
        await first.Invoking(j => j.Ended).Should().ThrowAsync<OperationCanceledException>();
        NextPass().Parts.Should().ContainSingle();
    }

    [Fact]
    public async Task A_job_whose_pass_fails_ends_with_the_error()
    {
        IOException error = new("a fault");
        NotedJob job = Run(1, 1, 9);
        Fail(NextPass(), error);
        _generation.Tell(new PassProtocol.PassAbandoned(Next<PassProtocol.AbandonPass>(_compute).Pass), _compute);
        (await job.Invoking(j => j.Ended).Should().ThrowAsync<IOException>()).Which.Should().BeSameAs(error);
    }

    [Fact]
    public async Task Of_several_jobs_whose_pass_fails_only_those_end_whose_own_pass_fails()
    {
        NotedJob first = Run(1, 1, 2);
        PassProtocol.RunPass alone = NextPass();
        NotedJob second = Run(2, 2, 2);
        Done(alone);
        PassProtocol.RunPass both = NextPass();
        both.Parts.Should().HaveCount(2);
        foreach (SequencePart part in both.Parts)
            part.Sequence.Append(part.Tokens.Length);      // as Compute has it
        Fail(both, new IOException("both"));
        PassProtocol.RunPass onlyFirst = NextPass();
        onlyFirst.Parts.Single().Tokens.ToArray().Should().Equal(both.Parts[0].Tokens.ToArray());
        onlyFirst.Parts.Single().Sequence.Length.Should().Be(1, "the sequence is what it was before");
        Fail(onlyFirst, new IOException("the first"));
        (await first.Invoking(j => j.Ended).Should().ThrowAsync<IOException>()).WithMessage("the first");
        Done(NextPass());
        Done(NextPass());
        _generation.Tell(new PassProtocol.PassAbandoned(Next<PassProtocol.AbandonPass>(_compute).Pass), _compute);
        (await second.Ended).Should().Be(4);
    }

    [Fact]
    public void A_paused_job_has_no_rows_until_it_is_read()
    {
        NotedJob job = Run(1, 1, 9);
        job.IsPaused = true;
        Done(NextPass());
        _compute.ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        Run(2, 1, 9);
        PassProtocol.RunPass other = NextPass();
        other.Parts.Should().ContainSingle();
        job.IsPaused = false;
        _generation.Tell(new GenerationProtocol.Resume(new SequenceId(1)));
        Done(other);
        NextPass().Parts.Should().HaveCount(2);
    }

    [Fact]
    public async Task Jobs_are_charged_for_their_rows_of_what_was_counted_in_all()
    {
        NotedJob first = Run(1, 1, 2);
        PassProtocol.RunPass alone = NextPass();
        NotedJob second = Run(2, 3, 1);
        _counters.Add(new LayerIndex(0), Counter.BytesRead, 100);
        Done(alone);
        PassProtocol.RunPass both = NextPass();      // the first one has been charged
        _counters.Add(new LayerIndex(1), Counter.BytesRead, 41);
        Done(both);
        PassId last = Next<PassProtocol.AbandonPass>(_compute).Pass;
        _counters.Add(new LayerIndex(1), Counter.BytesRead, 7);      // came late
        _generation.Tell(new PassProtocol.PassAbandoned(last), _compute);
        await Task.WhenAll(first.Ended, second.Ended);
        (first.Spent![Counter.BytesRead] + second.Spent![Counter.BytesRead]).Should().Be(148);
        first.Spent[new LayerIndex(0), Counter.BytesRead].Should().Be(100);
        second.Spent[new LayerIndex(1), Counter.BytesRead].Should().BeInRange(31, 36);
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _arena.Dispose();
    }

    private NotedJob Run(long number, int prompt, int newTokens)
    {
        NotedJob job = new(prompt, newTokens);
        _generation.Tell(new GenerationProtocol.Run(new SequenceId(number), job));
        return job;
    }

    private void Cancel(long number) => _generation.Tell(new GenerationProtocol.Cancel(new SequenceId(number)));

    private PassProtocol.RunPass NextPass() => Next<PassProtocol.RunPass>(_compute);

    private void Done(PassProtocol.RunPass run)
    {
        foreach (SequencePart part in run.Parts)
        {
            for (int i = part.Tokens.Length - part.LogitsCount; i < part.Tokens.Length; i++)
                part.TakeLogits(i, []);
        }
        _generation.Tell(new PassProtocol.PassDone(run.Pass), _compute);
    }

    private void Fail(PassProtocol.RunPass run, Exception error) =>
        _generation.Tell(new PassProtocol.PassFailed(run.Pass, error), _compute);

    /// <summary>Token n is n.</summary>
    private sealed class NotedJob(int prompt, int newTokens) : IJob
    {
        private readonly TaskCompletionSource<int> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly int _lengthMax = prompt + newTokens;
        private int _length = prompt;

        public ReadOnlyMemory<int> Tokens => Enumerable.Range(0, _length).ToArray();

        public bool SharesPrefix => false;

        public bool IsPaused { get; set; }

        public LayerCounters? Spent { get; private set; }

        /// <summary>How many tokens it has, when it has been told its end.</summary>
        public Task<int> Ended => _ended.Task;

        public void Begin(int reused) => reused.Should().Be(0);

        public int LogitsWanted(int begin, int end) => end == _length ? 1 : 0;

        public void TakeLogits(int position, ReadOnlySpan<float> logits)
        {
            position.Should().Be(_length - 1);
            _length++;
        }

        public bool Accept(int computed) => _length < _lengthMax;

        public void Finish(LayerCounters spent, Exception? error)
        {
            Spent = spent;
            if (error is null)
                _ended.SetResult(_length);
            else
                _ended.SetException(error);
        }
    }
}
