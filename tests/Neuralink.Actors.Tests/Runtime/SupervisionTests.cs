using System.Runtime.CompilerServices;

namespace Neuralink.Actors.Runtime.Tests;

public sealed class SupervisionTests : RuntimeTest
{
    private static readonly InvalidOperationException Boom = new("boom");

    [Fact]
    public async Task A_failure_restarts_the_actor_with_its_mailbox_and_drops_the_failing_message()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(Props.Create(() => new Worker(probe.Ref)));
        using var gate = new ManualResetEventSlim();
        actor.Tell(gate);
        actor.Tell(1);
        actor.Tell(Boom);
        actor.Tell(2);
        actor.Tell(3);
        gate.Set();

        await probe.Expect("constructed", "pre-start", 1);
        await probe.Expect("pre-restart boom", "post-stop", "constructed", "post-restart boom", "pre-start", 2, 5);
    }

    [Fact]
    public async Task Resume_keeps_the_instance_and_its_fields()
    {
        var probe = NewProbe();
        var parent = Parent(probe, _ => Directive.Resume);
        var child = await parent.Ask<IActorRef>("child", Limit);
        child.Tell(1);
        child.Tell(Boom);
        child.Tell(1);

        await probe.Expect("constructed", "pre-start", 1, 2);
    }

    [Fact]
    public async Task Stop_ends_the_child_and_its_later_messages_are_dead_letters()
    {
        var probe = NewProbe();
        var deadLetters = NewProbe();
        deadLetters.Subscribe(typeof(DeadLetter));
        var parent = Parent(probe, _ => Directive.Stop);
        var child = await parent.Ask<IActorRef>("child", Limit);
        await probe.Watch(child);
        child.Tell(Boom);
        child.Tell(1);

        await probe.Expect("constructed", "pre-start", "post-stop");
        await probe.ExpectTerminated(child);
        (await deadLetters.Next<DeadLetter>()).Message.Should().Be(1);
    }

    [Fact]
    public async Task Escalate_restarts_the_parent_which_stops_the_child()
    {
        var probe = NewProbe();
        var parent = Parent(probe, _ => Directive.Escalate);
        var child = await parent.Ask<IActorRef>("child", Limit);
        await probe.Watch(child);
        child.Tell(Boom);

        await probe.Expect("constructed", "pre-start", "post-stop");
        await probe.ExpectTerminated(child);
        var second = await parent.Ask<IActorRef>("child", Limit);
        second.Should().NotBeSameAs(child);
        await probe.Expect("constructed", "pre-start");
    }

    [Fact]
    public async Task Only_so_many_restarts_are_allowed_in_the_window()
    {
        var probe = NewProbe();
        var strategy = new OneForOneStrategy(2, TimeSpan.FromMinutes(1), _ => Directive.Restart);
        var parent = Parent(probe, strategy);
        var child = await parent.Ask<IActorRef>("child", Limit);
        await probe.Expect("constructed", "pre-start");
        await probe.Watch(child);
        for (var i = 0; i < 2; i++)
        {
            child.Tell(Boom);
            await probe.Expect("pre-restart boom", "post-stop", "constructed", "post-restart boom", "pre-start");
        }

        child.Tell(Boom);

        await probe.Expect("post-stop");
        await probe.ExpectTerminated(child);
    }

    [Fact]
    public void Restarts_outside_the_window_are_forgotten()
    {
        var time = new ManualTime();
        var restarts = new RestartStatistics();
        bool Request() => restarts.Request(2, TimeSpan.FromSeconds(10), time);

        Request().Should().BeTrue();
        Request().Should().BeTrue();
        Request().Should().BeFalse();
        time.Advance(TimeSpan.FromSeconds(11));
        Request().Should().BeTrue();
    }

    [Fact]
    public void A_limit_of_zero_allows_no_restart_and_no_limit_allows_all()
    {
        new RestartStatistics().Request(0, null, TimeProvider.System).Should().BeFalse();
        var unlimited = new RestartStatistics();
        Enumerable.Range(0, 100).Should().OnlyContain(_ => unlimited.Request(null, null, TimeProvider.System));
    }

    [Fact]
    public async Task An_actor_whose_constructor_throws_is_stopped()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(Props.Create(() => new Unbuildable()));
        await probe.Watch(actor);

        await probe.ExpectTerminated(actor);
    }

    [Fact]
    public async Task An_actor_that_cannot_be_rebuilt_is_stopped()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(Props.Create(() => new BuildableOnce(new StrongBox<int>())));
        await probe.Watch(actor);
        actor.Tell("fail");

        await probe.ExpectTerminated(actor);
    }

    [Fact]
    public async Task A_strategy_in_the_props_overrides_that_of_the_actor()
    {
        var probe = NewProbe();
        var own = new OneForOneStrategy(_ => Directive.Stop);
        var parent = System.ActorOf(Props.Create(() => new Supervisor(probe.Ref, own))
            .WithSupervisorStrategy(new OneForOneStrategy(_ => Directive.Resume)));
        var child = await parent.Ask<IActorRef>("child", Limit);
        child.Tell(1);
        child.Tell(Boom);
        child.Tell(1);

        await probe.Expect("constructed", "pre-start", 1, 2);
    }

    [Fact]
    public async Task A_decider_that_throws_fails_the_parent()
    {
        var probe = NewProbe();
        var parent = Parent(probe, _ => throw new NotSupportedException("no opinion"));
        var child = await parent.Ask<IActorRef>("child", Limit);
        await probe.Expect("constructed", "pre-start");
        await probe.Watch(child);
        child.Tell(Boom);

        await probe.Expect("post-stop");
        await probe.ExpectTerminated(child);
        (await parent.Ask<IActorRef>("child", Limit)).Should().NotBeSameAs(child);
    }

    [Fact]
    public async Task A_failure_of_the_guardian_ends_the_system()
    {
        var other = ActorSystem.Create("other");
        var probe = NewProbe();
        var actor = other.ActorOf(Props.Create(() => new Worker(probe.Ref)));
        var top = (IInternalActorRef)((LocalActorRef)actor).Cell.Parent;

        top.Tell(Kill.Instance, ActorRefs.NoSender);

        await other.WhenTerminated.WaitAsync(Limit);
    }

    [Fact]
    public async Task A_restarted_parent_that_keeps_its_children_restarts_them()
    {
        var probe = NewProbe();
        var parent = System.ActorOf(Props.Create(() => new KeepingSupervisor(probe.Ref)));
        var child = await parent.Ask<IActorRef>("child", Limit);
        await probe.Expect("constructed", "pre-start");
        parent.Tell(Boom);

        await probe.Expect("pre-restart boom", "post-stop", "constructed", "post-restart boom", "pre-start");
        child.Tell(1);
        await probe.Expect(1);
    }

    [Fact]
    public async Task Children_are_suspended_until_their_parent_has_been_judged()
    {
        var probe = NewProbe();
        using var verdict = new ManualResetEventSlim();
        var judging = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Func<Exception, Directive> slowly = _ =>
        {
            judging.SetResult();
            verdict.Wait();
            return Directive.Resume;
        };
        var middle = Props.Create(() => new Supervisor(probe.Ref, new OneForOneStrategy(_ => Directive.Stop)));
        var judge = System.ActorOf(Props.Create(() => new Judge(middle, new OneForOneStrategy(slowly))));
        var parent = await judge.Ask<IActorRef>("child", Limit);
        var child = await parent.Ask<IActorRef>("child", Limit);
        await probe.Expect("constructed", "pre-start");
        parent.Tell(Boom);
        await judging.Task.WaitAsync(Limit);

        child.Tell(1);
        await probe.ExpectNothing();
        verdict.Set();

        await probe.Expect(1);
    }

    private IActorRef Parent(Probe probe, Func<Exception, Directive> decider) => Parent(probe, new OneForOneStrategy(decider));

    private IActorRef Parent(Probe probe, SupervisorStrategy strategy) =>
        System.ActorOf(Props.Create(() => new Supervisor(probe.Ref, strategy)));
}
