namespace Neuralink.Actors.Runtime.Tests;

public sealed class DispatcherTests : RuntimeTest
{
    [Fact]
    public async Task A_pinned_actor_runs_on_one_thread_of_its_own()
    {
        var first = Pinned();
        var second = Pinned();
        async Task<Thread[]> ThreadsOf(IActorRef actor) =>
            await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => actor.Ask<Thread>("thread", Limit)));

        var threads = await ThreadsOf(first);
        var others = await ThreadsOf(second);

        threads.Distinct().Should().ContainSingle();
        others.Distinct().Should().ContainSingle().Which.Should().NotBeSameAs(threads[0]);
        threads[0].IsThreadPoolThread.Should().BeFalse();
        threads[0].IsBackground.Should().BeTrue();
        threads[0].Name.Should().Contain("/user/");
    }

    [Fact]
    public async Task A_restart_keeps_the_thread_and_the_end_of_the_actor_ends_it()
    {
        var actor = Pinned();
        var before = await actor.Ask<Thread>("thread", Limit);
        actor.Tell("fail");
        var after = await actor.Ask<Thread>("thread", Limit);
        after.Should().BeSameAs(before);

        await actor.GracefulStop(Limit);

        before.Join(Limit).Should().BeTrue();
    }

    [Fact]
    public async Task Other_actors_run_on_the_thread_pool()
    {
        var actor = Actor((self, _) => self.Sender.Tell(Thread.CurrentThread));

        (await actor.Ask<Thread>("thread", Limit)).IsThreadPoolThread.Should().BeTrue();
    }

    [Fact]
    public async Task Continuations_of_a_pinned_actor_come_back_to_its_thread()
    {
        var actor = System.ActorOf(Props.Create(() => new Awaiting()).WithDispatcher("neuralink.io-dispatcher"));

        (await actor.Ask<bool>("same thread?", Limit)).Should().BeTrue();
    }

    [Fact]
    public void A_dispatcher_that_is_not_configured_is_refused_by_name()
    {
        var props = Props.Create(() => new Awaiting()).WithDispatcher("neuralink.other");
        var create = () => System.ActorOf(props);

        create.Should().Throw<ConfigurationException>().WithMessage("*neuralink.other*");
    }

    [Fact]
    public async Task An_actor_with_much_to_do_does_not_keep_the_others_from_running()
    {
        var stop = false;
        var busy = Enumerable.Range(0, Environment.ProcessorCount * 4).Select(_ => Actor((self, message) =>
        {
            if (!Volatile.Read(ref stop))
                self.Self.Tell(message);
        })).ToList();
        busy.ForEach(actor => actor.Tell("again"));
        var other = Actor((self, message) => self.Sender.Tell(message));

        for (var i = 0; i < 20; i++)
            (await other.Ask<int>(i, Limit)).Should().Be(i);
        Volatile.Write(ref stop, true);
    }

    protected override ActorSystem CreateSystem() => ActorSystem.Create(
        "test", ConfigurationFactory.ParseString("neuralink.io-dispatcher { type = PinnedDispatcher }"));

    private IActorRef Pinned()
    {
        Action<Scripted, object> receive = (self, message) =>
        {
            if (message is "fail")
                throw new InvalidOperationException("fails");
            self.Sender.Tell(Thread.CurrentThread);
        };
        return System.ActorOf(Props.Create(() => new Scripted(receive)).WithDispatcher("neuralink.io-dispatcher"));
    }

    private sealed class Awaiting : ReceiveActor
    {
        public Awaiting() => ReceiveAsync<string>(async _ =>
        {
            var thread = Thread.CurrentThread;
            await Task.Run(() => { });
            Sender.Tell(ReferenceEquals(thread, Thread.CurrentThread));
        });
    }
}
