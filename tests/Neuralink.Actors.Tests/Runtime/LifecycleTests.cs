namespace Neuralink.Actors.Runtime.Tests;

public sealed class LifecycleTests : RuntimeTest
{
    [Fact]
    public async Task A_poison_pill_stops_the_actor_after_what_was_sent_before()
    {
        var probe = NewProbe();
        var deadLetters = NewProbe();
        deadLetters.Subscribe(typeof(DeadLetter));
        using var gate = new ManualResetEventSlim();
        var actor = System.ActorOf(Props.Create(() => new Worker(probe.Ref)));
        await probe.Watch(actor);
        actor.Tell(gate);
        actor.Tell(1);
        actor.Tell(PoisonPill.Instance);
        actor.Tell(2);
        gate.Set();

        await probe.Expect("constructed", "pre-start", 1, "post-stop");
        await probe.ExpectTerminated(actor);
        (await deadLetters.Next<DeadLetter>()).Message.Should().Be(2);
    }

    [Fact]
    public async Task Stop_takes_effect_after_the_message_being_handled()
    {
        var probe = NewProbe();
        var deadLetters = NewProbe();
        deadLetters.Subscribe(typeof(DeadLetter));
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var gate = new ManualResetEventSlim();
        var actor = Actor((_, message) =>
        {
            started.TrySetResult();
            gate.Wait();
            probe.Ref.Tell(message);
        });
        await probe.Watch(actor);
        actor.Tell(1);
        actor.Tell(2);
        await started.Task.WaitAsync(Limit);
        System.Stop(actor);
        gate.Set();

        await probe.Expect(1);
        await probe.ExpectTerminated(actor);
        (await deadLetters.Next<DeadLetter>()).Message.Should().Be(2);
    }

    [Fact]
    public async Task Children_stop_before_their_parent()
    {
        var probe = NewProbe();
        var parent = System.ActorOf(Props.Create(() => new Nested(probe.Ref, 2)), "top");
        await probe.Watch(parent);
        await probe.Expect("started 2", "started 1", "started 0");

        System.Stop(parent);

        await probe.Expect("stopped 0", "stopped 1", "stopped 2");
        await probe.ExpectTerminated(parent);
    }

    [Fact]
    public async Task Terminate_stops_every_actor_and_then_completes()
    {
        var other = ActorSystem.Create("other");
        var probe = NewProbe();
        other.ActorOf(Props.Create(() => new Nested(probe.Ref, 3)));
        await probe.Expect("started 3", "started 2", "started 1", "started 0");

        await other.Terminate().WaitAsync(Limit);

        other.WhenTerminated.IsCompletedSuccessfully.Should().BeTrue();
        await probe.Expect("stopped 0", "stopped 1", "stopped 2", "stopped 3");
        var late = () => other.ActorOf(Props.Create(() => new Nested(probe.Ref, 0)));
        late.Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public async Task A_failing_post_stop_does_not_keep_the_actor_alive()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(Props.Create(() => new FailsOnStop()));
        await probe.Watch(actor);

        System.Stop(actor);

        await probe.ExpectTerminated(actor);
    }

    [Fact]
    public async Task Kill_stops_the_actor_by_the_default_strategy()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(Props.Create(() => new Worker(probe.Ref)));
        await probe.Watch(actor);

        actor.Tell(Kill.Instance);

        await probe.Expect("constructed", "pre-start", "post-stop");
        await probe.ExpectTerminated(actor);
    }

    [Fact]
    public async Task A_name_is_free_again_once_the_parent_is_told_that_its_actor_stopped()
    {
        var probe = NewProbe();
        var props = Props.Create(() => new FailsOnStop());
        IActorRef? first = null;
        await probe.Run(self =>
        {
            first = self.Context.Watch(self.Context.ActorOf(props, "name"));
            self.Context.Stop(first);
            var twice = () => self.Context.ActorOf(props, "name");
            twice.Should().Throw<InvalidActorNameException>().WithMessage("*name*not unique*");
        });

        await probe.ExpectTerminated(first!);

        await probe.Run(self => self.Context.ActorOf(props, "name").Should().NotBeSameAs(first));
    }

    [Theory]
    [InlineData("")]
    [InlineData("$mine")]
    [InlineData("a/b")]
    [InlineData("ä")]
    [InlineData("a b")]
    [InlineData("%4")]
    public void Malformed_names_are_refused(string name)
    {
        var create = () => Actor((_, _) => { }, name);

        create.Should().Throw<InvalidActorNameException>();
    }

    [Fact]
    public void Names_are_generated_in_sequence()
    {
        Enumerable.Range(0, 3).Select(i => ActorName.Generate(i)).Should().Equal("$a", "$b", "$c");
        ActorName.Generate(63).Should().Be("$~");
        ActorName.Generate(64).Should().Be("$ab");
        ActorName.Generate(65).Should().Be("$bb");
        Actor((_, _) => { }, "layer-12_%41").ToString().Should().StartWith("[akka://test/user/layer-12_%41#");
    }

    [Fact]
    public async Task An_actor_sees_its_parent_its_children_and_its_system()
    {
        var probe = NewProbe();
        IActorRef? child = null;
        await probe.Run(self =>
        {
            child = self.Context.ActorOf(Props.Create(() => new Reporter(probe.Ref)), "child");
            self.Context.GetChildren().Should().Equal(child);
            self.Context.Child("child").Should().BeSameAs(child);
            self.Context.Child("other").Should().BeSameAs(ActorRefs.Nobody);
            self.Context.System.Should().BeSameAs(System);
            self.Context.Self.Should().BeSameAs(self.Self);
        });
        child!.Tell("parent");
        (await probe.Next<IActorRef>()).Should().BeSameAs(probe.Ref);
    }

    [Fact]
    public void An_actor_is_not_built_with_new()
    {
        var build = () => new FailsOnStop();

        build.Should().Throw<ActorInitializationException>();
    }

    [Fact]
    public async Task The_sender_of_nobody_is_the_dead_letters_and_forward_keeps_the_sender()
    {
        var probe = NewProbe();
        var forwarder = Actor((_, message) => probe.Ref.Forward(message));
        forwarder.Tell("from outside");
        await probe.Expect("from outside");
        probe.LastSender.Should().BeSameAs(System.DeadLetters);

        var origin = NewProbe();
        await origin.Run(_ => forwarder.Tell("from the origin"));
        await probe.Expect("from the origin");
        probe.LastSender.Should().BeSameAs(origin.Ref);
    }

    private sealed class Nested : UntypedActor
    {
        private readonly IActorRef probe;
        private readonly int depth;

        public Nested(IActorRef probe, int depth)
        {
            this.probe = probe;
            this.depth = depth;
        }

        protected override void PreStart()
        {
            probe.Tell($"started {depth}");
            if (depth > 0)
                Context.ActorOf(Props.Create(() => new Nested(probe, depth - 1)));
        }

        protected override void PostStop() => probe.Tell($"stopped {depth}");

        protected override void OnReceive(object message) => Unhandled(message);
    }

    private sealed class Reporter(IActorRef probe) : UntypedActor
    {
        protected override void OnReceive(object message) => probe.Tell(Context.Parent);
    }

    private sealed class FailsOnStop : UntypedActor
    {
        protected override void PostStop() => throw new InvalidOperationException("fails");

        protected override void OnReceive(object message) => Unhandled(message);
    }
}
