namespace Neuralink.Actors.Runtime.Tests;

public sealed class AsyncHandlerTests : RuntimeTest
{
    [Fact]
    public async Task No_message_is_handled_while_a_handler_is_awaited()
    {
        var probe = NewProbe();
        var outside = new TaskCompletionSource();
        var actor = System.ActorOf(Props.Create(() => new Awaiting(probe.Ref, outside)));
        actor.Tell("await");
        actor.Tell(1);
        await probe.Expect("before");
        await probe.ExpectNothing();
        outside.SetResult();

        await probe.Expect("after", 1);
    }

    [Fact]
    public async Task Continuations_see_the_sender_and_context_of_their_message()
    {
        var probe = NewProbe();
        var outside = new TaskCompletionSource();
        var actor = System.ActorOf(Props.Create(() => new Awaiting(probe.Ref, outside)));
        var answer = actor.Ask<string>("await and answer", Limit);
        await probe.Expect("before");

        await Task.Run(outside.SetResult);

        await probe.Expect("after");
        (await answer).Should().Be("same sender, same context");
    }

    [Fact]
    public async Task A_failure_after_an_await_restarts_the_actor_with_its_message()
    {
        var probe = NewProbe();
        var outside = new TaskCompletionSource();
        var actor = System.ActorOf(Props.Create(() => new Awaiting(probe.Ref, outside)));
        actor.Tell("await");
        actor.Tell(1);
        await probe.Expect("before");

        outside.SetException(new InvalidOperationException("boom"));

        await probe.Expect("restarted by await", 1);
    }

    [Fact]
    public async Task A_failure_before_the_first_await_restarts_the_actor_as_well()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(Props.Create(() => new Awaiting(probe.Ref, new TaskCompletionSource())));
        actor.Tell(Array.Empty<int>());
        actor.Tell(1);

        await probe.Expect("restarted by System.Int32[]", 1);
    }

    [Fact]
    public async Task Stop_does_not_wait_for_an_awaited_handler()
    {
        var probe = NewProbe();
        var outside = new TaskCompletionSource();
        var actor = System.ActorOf(Props.Create(() => new Awaiting(probe.Ref, outside)));
        await probe.Watch(actor);
        actor.Tell("await");
        await probe.Expect("before");

        System.Stop(actor);
        await probe.ExpectTerminated(actor);

        outside.SetResult();
        await probe.ExpectNothing();
    }

    [Fact]
    public async Task A_poison_pill_waits_for_an_awaited_handler()
    {
        var probe = NewProbe();
        var outside = new TaskCompletionSource();
        var actor = System.ActorOf(Props.Create(() => new Awaiting(probe.Ref, outside)));
        await probe.Watch(actor);
        actor.Tell("await");
        actor.Tell(PoisonPill.Instance);
        await probe.Expect("before");
        outside.SetResult();

        await probe.Expect("after");
        await probe.ExpectTerminated(actor);
    }

    private sealed class Awaiting : ReceiveActor
    {
        private readonly IActorRef probe;

        public Awaiting(IActorRef probe, TaskCompletionSource outside)
        {
            this.probe = probe;
            ReceiveAsync<string>(async message =>
            {
                var sender = Sender;
                probe.Tell("before");
                await outside.Task;
                await Task.Yield();
                probe.Tell("after");
                if (message == "await and answer" && ReferenceEquals(sender, Sender) && ReferenceEquals(Context.Self, Self))
                    Sender.Tell("same sender, same context");
            });
            ReceiveAsync<int[]>(numbers => Task.FromResult(numbers[0]));
            Receive<int>(number => probe.Tell(number));
        }

        protected override void PreRestart(Exception reason, object? message) => probe.Tell($"restarted by {message}");
    }
}
