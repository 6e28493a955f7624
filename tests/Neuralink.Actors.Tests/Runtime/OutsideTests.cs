namespace Neuralink.Actors.Runtime.Tests;

/// <summary>What hosts and tests use from outside the actors: Ask, PipeTo, GracefulStop, the event stream and the log.</summary>
public sealed class OutsideTests : RuntimeTest
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(1);

    [Fact]
    public async Task Ask_completes_with_the_answer()
    {
        var actor = Actor((self, message) => self.Sender.Tell((int)message + 1));

        (await actor.Ask<int>(1, Limit)).Should().Be(2);
        (await actor.Ask<object>(1)).Should().Be(2);
    }

    [Fact]
    public async Task Ask_fails_without_an_answer_in_time_and_a_late_answer_is_a_dead_letter()
    {
        var probe = NewProbe();
        var deadLetters = NewProbe();
        deadLetters.Subscribe(typeof(DeadLetter));

        var ask = () => probe.Ref.Ask<int>("question", Short);
        await ask.Should().ThrowAsync<AskTimeoutException>();

        await probe.Expect("question");
        probe.LastSender.Tell("late");
        (await deadLetters.Next<DeadLetter>()).Message.Should().Be("late");
    }

    [Fact]
    public async Task Ask_fails_with_the_cause_of_a_failure_and_with_an_answer_of_another_type()
    {
        var actor = Actor((self, message) => self.Sender.Tell(message));

        var failure = () => actor.Ask<int>(new Status.Failure(new TimeZoneNotFoundException("cause")), Limit);
        var text = () => actor.Ask<int>("text", Limit);

        await failure.Should().ThrowAsync<TimeZoneNotFoundException>();
        await text.Should().ThrowAsync<ArgumentException>();
    }

    [Fact]
    public async Task Ask_can_be_cancelled()
    {
        using var cancellation = new CancellationTokenSource();
        var probe = NewProbe();
        var answer = probe.Ref.Ask<int>("question", null, cancellation.Token);
        await probe.Expect("question");

        await cancellation.CancelAsync();

        var wait = () => answer;
        await wait.Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task PipeTo_sends_the_result_or_the_failure()
    {
        var probe = NewProbe();
        var boom = new InvalidOperationException("boom");
        await Task.FromResult(1).PipeTo(probe.Ref, System.DeadLetters);
        await Task.FromResult(1).PipeTo(probe.Ref, success: number => number + 1);
        await Task.FromException<int>(boom).PipeTo(probe.Ref, failure: e => e.Message);
        await Task.CompletedTask.PipeTo(probe.Ref, success: () => "done");
        await Task.CompletedTask.PipeTo(probe.Ref);
        await Task.FromException(boom).PipeTo(probe.Ref);

        await probe.Expect(1, 2, "boom", "done");
        (await probe.Next<Status.Failure>()).Cause.Should().BeSameAs(boom);
        await Task.FromCanceled<int>(new CancellationToken(true)).PipeTo(probe.Ref);
        (await probe.Next<Status.Failure>()).Cause.Should().BeAssignableTo<OperationCanceledException>();
    }

    [Fact]
    public async Task GracefulStop_waits_for_the_end_of_the_actor_and_not_for_ever()
    {
        using var gate = new ManualResetEventSlim();
        var actor = Actor((_, _) => gate.Wait());
        actor.Tell("wait");

        var stop = () => actor.GracefulStop(Short);
        await stop.Should().ThrowAsync<TaskCanceledException>();
        gate.Set();

        (await actor.GracefulStop(Limit)).Should().BeTrue();
    }

    [Fact]
    public async Task A_message_to_a_stopped_actor_is_published_as_a_dead_letter()
    {
        var probe = NewProbe();
        probe.Subscribe(typeof(DeadLetter));
        var actor = Actor((_, _) => { });
        await actor.GracefulStop(Limit);

        actor.Tell("too late", probe.Ref);
        actor.Tell(PoisonPill.Instance);
        System.DeadLetters.Tell("thrown away");

        var late = await probe.Next<DeadLetter>();
        late.Message.Should().Be("too late");
        late.Sender.Should().BeSameAs(probe.Ref);
        late.Recipient.Should().BeSameAs(actor);
        (await probe.Next<DeadLetter>()).Recipient.Should().BeSameAs(System.DeadLetters);
    }

    [Fact]
    public async Task A_subscriber_gets_each_event_once_and_leaves_the_stream_when_it_stops()
    {
        var probe = NewProbe();
        probe.Subscribe(typeof(Warning));
        probe.Subscribe(typeof(LogEvent));
        System.EventStream.Subscribe(probe.Ref, typeof(LogEvent)).Should().BeFalse();
        System.EventStream.Subscribe(probe.Ref, typeof(Error)).Should().BeFalse();
        var gone = NewProbe();
        gone.Subscribe(typeof(DeadLetter));
        gone.Subscribe(typeof(LogEvent));
        await gone.Ref.GracefulStop(Limit);
        var deadLetters = NewProbe();
        deadLetters.Subscribe(typeof(DeadLetter));

        System.Log.Warning("once");

        (await probe.Next<Warning>()).Message.Should().Be("once");
        await probe.ExpectNothing();
        await deadLetters.ExpectNothing();
    }

    [Fact]
    public async Task The_log_publishes_events_from_the_configured_level_up()
    {
        using var other = ActorSystem.Create("other", ConfigurationFactory.ParseString("akka.loglevel = WARNING"));
        var probe = new Probe(other, null);
        probe.Subscribe(typeof(LogEvent));
        var cause = new InvalidOperationException("boom");
        await probe.Run(self =>
        {
            var log = self.Context.GetLogger();
            log.IsInfoEnabled.Should().BeFalse();
            log.IsWarningEnabled.Should().BeTrue();
            log.Debug("no");
            log.Info("no");
            log.Warning("layer {0} of {1}", 3, 4);
            log.Error(cause, "failed: {braces}");
        });

        var warning = await probe.Next<Warning>();
        warning.Message.ToString().Should().Be("layer 3 of 4");
        warning.LogSource.Should().StartWith("akka://other/user/");
        warning.LogLevel().Should().Be(LogLevel.WarningLevel);
        var error = await probe.Next<Error>();
        error.Cause.Should().BeSameAs(cause);
        error.ToString().Should().Contain("failed: {braces}").And.Contain("boom");
    }

    [Fact]
    public async Task A_restart_is_logged_as_an_error_of_the_child()
    {
        var probe = NewProbe();
        probe.Subscribe(typeof(Error));
        var actor = Actor((_, _) => throw new InvalidOperationException("boom"), "child");

        actor.Tell(1);

        var error = await probe.Next<Error>();
        error.LogSource.Should().Be("akka://test/user/child");
        error.Cause.Should().BeOfType<InvalidOperationException>();
    }

    [Fact]
    public void The_context_exists_inside_actors_only()
    {
        var outside = () => Scripted.Current;

        outside.Should().Throw<NotSupportedException>();
    }
}
