namespace Neuralink.Actors.Runtime.Tests;

public sealed class DeathWatchTests : RuntimeTest
{
    [Fact]
    public async Task Watching_an_actor_that_is_already_dead_reports_it_at_once()
    {
        var probe = NewProbe();
        var actor = Actor((_, _) => { });
        (await actor.GracefulStop(Limit)).Should().BeTrue();

        await probe.Watch(actor);

        await probe.ExpectTerminated(actor);
        probe.LastSender.Should().BeSameAs(actor);
    }

    [Fact]
    public async Task Terminated_comes_once_and_after_what_the_actor_sent()
    {
        var probe = NewProbe();
        var actor = Actor((self, _) =>
        {
            probe.Ref.Tell("last words");
            self.Context.Stop(self.Self);
        });
        await probe.Watch(actor);
        await probe.Watch(actor);
        actor.Tell("go");

        await probe.Expect("last words");
        await probe.ExpectTerminated(actor);
        await probe.ExpectNothing();
    }

    [Fact]
    public async Task Unwatch_drops_a_notification_that_is_queued_already()
    {
        var probe = NewProbe();
        var actor = Actor((_, _) => { });
        await probe.Watch(actor);
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var witness = Actor((self, message) =>
        {
            if (message is Terminated)
                stopped.SetResult();
            else
                self.Sender.Tell(self.Context.Watch(actor));
        });
        await witness.Ask<IActorRef>("watch", Limit);
        await probe.Run(self =>
        {
            System.Stop(actor);
            stopped.Task.Wait(Limit).Should().BeTrue();
            self.Context.Unwatch(actor);
        });

        await probe.ExpectNothing();
    }

    [Fact]
    public async Task An_unhandled_terminated_breaks_the_death_pact_and_stops_the_watcher()
    {
        var probe = NewProbe();
        var actor = Actor((_, _) => { });
        var watcher = Actor((self, message) =>
        {
            if (message is Terminated)
                self.Refuse(message);
            else
                self.Sender.Tell(self.Context.Watch(actor));
        });
        await probe.Watch(watcher);
        await watcher.Ask<IActorRef>("watch", Limit);

        System.Stop(actor);

        await probe.ExpectTerminated(watcher);
    }

    [Fact]
    public async Task A_restart_is_no_death()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(Props.Create(() => new Worker(probe.Ref)));
        await probe.Expect("constructed", "pre-start");
        await probe.Watch(actor);

        actor.Tell(new InvalidOperationException("boom"));

        await probe.Expect("pre-restart boom", "post-stop", "constructed", "post-restart boom", "pre-start");
        await probe.ExpectNothing();
    }

    [Fact]
    public async Task Messages_of_others_about_a_death_are_not_believed()
    {
        var probe = NewProbe();
        var actor = Actor((_, _) => { });

        probe.Ref.Tell(new Terminated(actor));

        await probe.ExpectNothing();
    }
}
