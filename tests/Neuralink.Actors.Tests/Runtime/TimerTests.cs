namespace Neuralink.Actors.Runtime.Tests;

public sealed class TimerTests : RuntimeTest
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly ManualTime time = new();

    [Fact]
    public async Task A_single_timer_goes_off_once()
    {
        var probe = NewProbe();
        await Start(probe, timers => timers.StartSingleTimer("key", "tick", Second));

        time.Advance(10 * Second);

        await probe.Expect("tick");
        await probe.ExpectNothing();
    }

    [Fact]
    public async Task A_periodic_timer_goes_off_until_it_is_cancelled()
    {
        var probe = NewProbe();
        var actor = await Start(probe, timers => timers.StartPeriodicTimer("key", "tick", Second));
        time.Advance(2.5 * Second);
        await probe.Expect("tick", "tick");

        await Run(actor, timers => timers.Cancel("key"));
        time.Advance(10 * Second);

        await probe.ExpectNothing();
    }

    [Fact]
    public async Task Messages_of_cancelled_and_replaced_timers_are_dropped_even_when_queued()
    {
        var probe = NewProbe();
        var actor = await Start(probe, timers =>
        {
            timers.StartSingleTimer("cancelled", "never", Second);
            timers.StartSingleTimer("replaced", "never", Second);
            timers.StartSingleTimer("kept", "kept", Second);
        });
        await Run(actor, timers =>
        {
            // All three are in the mailbox behind this message.
            time.Advance(Second);
            timers.Cancel("cancelled");
            timers.StartSingleTimer("replaced", "replacement", Second);
        });

        await probe.Expect("kept");
        time.Advance(Second);
        await probe.Expect("replacement");
        await probe.ExpectNothing();
    }

    [Fact]
    public async Task CancelAll_and_a_restart_end_all_timers_and_their_queued_messages()
    {
        var probe = NewProbe();
        var actor = await Start(probe, timers => timers.StartPeriodicTimer("key", "never", Second));
        await Run(actor, timers =>
        {
            time.Advance(Second);
            timers.CancelAll();
            timers.StartPeriodicTimer("key", "never either", Second);
        });
        actor.Tell(new Action<ITimerScheduler>(_ =>
        {
            time.Advance(Second);
            throw new InvalidOperationException("boom");
        }));
        await Run(actor, _ => { });
        time.Advance(10 * Second);

        await probe.ExpectNothing();
    }

    [Fact]
    public async Task Timers_end_with_their_actor()
    {
        var probe = NewProbe();
        var deadLetters = NewProbe();
        deadLetters.Subscribe(typeof(DeadLetter));
        var actor = await Start(probe, timers => timers.StartPeriodicTimer("key", "never", Second));
        await actor.GracefulStop(Limit);

        time.Advance(10 * Second);

        await probe.ExpectNothing();
        await deadLetters.ExpectNothing();
    }

    [Fact]
    public async Task The_smallest_spans_work_on_the_real_clock()
    {
        using var real = ActorSystem.Create("real");
        var ticks = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var count = 0;
        Action<object> counting = _ =>
        {
            if (++count == 5)
                ticks.SetResult();
        };
        var actor = real.ActorOf(Props.Create(() => new Ticking(counting)));
        actor.Tell(new Action<ITimerScheduler>(timers => timers.StartSingleTimer("once", 0, TimeSpan.Zero)));
        actor.Tell(new Action<ITimerScheduler>(timers => timers.StartPeriodicTimer("often", 0, TimeSpan.FromTicks(1))));

        await ticks.Task.WaitAsync(Limit);
    }

    [Fact]
    public async Task ScheduleTellOnce_sends_after_its_delay()
    {
        var probe = NewProbe();
        System.Scheduler.ScheduleTellOnce(Second, probe.Ref, "later", System.DeadLetters);
        time.Advance(Second / 2);
        await probe.ExpectNothing();
        time.Advance(Second / 2);
        await probe.Expect("later");
        probe.LastSender.Should().BeSameAs(System.DeadLetters);
    }

    [Fact]
    public async Task The_receive_timeout_comes_after_each_idle_span_and_not_before()
    {
        var probe = NewProbe();
        var actor = Idle(probe, Second);
        await actor.Ask<string>("hello", Limit);
        time.Advance(0.9 * Second);
        await actor.Ask<string>("hello", Limit);
        time.Advance(0.9 * Second);
        await actor.Ask<string>("hello", Limit);
        await probe.ExpectNothing();

        time.Advance(Second);
        await probe.Expect(ReceiveTimeout.Instance);
        await actor.Ask<string>("hello", Limit);
        time.Advance(Second);
        await probe.Expect(ReceiveTimeout.Instance);
    }

    [Fact]
    public async Task A_receive_timeout_that_was_turned_off_or_overtaken_is_not_delivered()
    {
        var probe = NewProbe();
        var actor = Idle(probe, Second);
        await actor.Ask<string>("hello", Limit);
        await actor.Ask<string>("off", Limit);
        time.Advance(10 * Second);
        await actor.Ask<string>("hello", Limit);

        await probe.ExpectNothing();
    }

    protected override ActorSystem CreateSystem() => ActorSystem.Create("test", ConfigurationFactory.ParseString(string.Empty), time);

    private IActorRef Idle(Probe probe, TimeSpan timeout) => Actor((self, message) =>
    {
        if (message is ReceiveTimeout)
        {
            probe.Ref.Tell(message);
            return;
        }

        self.Context.SetReceiveTimeout(message is "off" ? null : timeout);
        if (message is "off")
            time.Advance(10 * timeout);
        self.Sender.Tell("answer");
    });

    private async Task<IActorRef> Start(Probe probe, Action<ITimerScheduler> action)
    {
        Action<object> report = message => probe.Ref.Tell(message);
        var actor = System.ActorOf(Props.Create(() => new Ticking(report)));
        await Run(actor, action);
        return actor;
    }

    private static async Task Run(IActorRef actor, Action<ITimerScheduler> action)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        actor.Tell(new Action<ITimerScheduler>(timers =>
        {
            action(timers);
            done.SetResult();
        }));
        await done.Task.WaitAsync(Limit);
    }

    private sealed class Ticking : ReceiveActor, IWithTimers
    {
        public Ticking(Action<object> report)
        {
            Receive<Action<ITimerScheduler>>(action => action(Timers));
            ReceiveAny(report);
        }

        public ITimerScheduler Timers { get; set; } = null!;
    }
}
