namespace Neuralink.Actors.Runtime.Tests;

public sealed class ReceiveActorTests : RuntimeTest
{
    [Fact]
    public async Task The_first_handler_whose_type_and_predicate_fit_takes_the_message()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(Props.Create(() => new Sorting(probe.Ref)));
        actor.Tell(12);
        actor.Tell(1);
        actor.Tell("text");
        actor.Tell(new FileNotFoundException());
        actor.Tell(1.5);

        await probe.Expect("big 12", "int 1", "string text", "io", "any 1.5");
    }

    [Fact]
    public async Task Become_replaces_all_handlers_and_a_restart_brings_the_first_ones_back()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(Props.Create(() => new Switching(probe.Ref)));
        actor.Tell("switch");
        actor.Tell(1);
        actor.Tell("fail");
        actor.Tell(2);

        await probe.Expect("switched 1", "first 2");
    }

    [Fact]
    public async Task An_untyped_actor_can_become_another_function()
    {
        var probe = NewProbe();
        var actor = Actor((self, message) => self.Switch(next => probe.Ref.Tell($"then {next}")));
        actor.Tell(1);
        actor.Tell(2);

        await probe.Expect("then 2");
    }

    [Fact]
    public async Task A_message_without_a_handler_is_published_as_unhandled()
    {
        var probe = NewProbe();
        probe.Subscribe(typeof(UnhandledMessage));
        var actor = System.ActorOf(Props.Create(() => new Switching(probe.Ref)));

        actor.Tell(1.5);

        var unhandled = await probe.Next<UnhandledMessage>();
        unhandled.Message.Should().Be(1.5);
        unhandled.Recipient.Should().BeSameAs(actor);
        unhandled.Sender.Should().BeSameAs(System.DeadLetters);
    }

    [Fact]
    public async Task Handlers_are_registered_in_the_constructor_and_in_become_only()
    {
        var actor = System.ActorOf(Props.Create(() => new Late()));

        (await actor.Ask<Exception>("now", Limit)).Should().BeOfType<InvalidOperationException>();
        (await actor.Ask<Exception>(1, Limit)).Should().BeOfType<InvalidOperationException>().Which.Message.Should().Contain("catches all");
    }

    [Fact]
    public async Task Constructor_arguments_are_evaluated_once()
    {
        var evaluations = 0;
        var probe = NewProbe();
        Func<int> count = () => ++evaluations;
        var props = Props.Create(() => new Numbered(probe.Ref, count()));
        var actor = System.ActorOf(props);
        actor.Tell("fail");
        actor.Tell("report");
        System.ActorOf(props).Tell("report");

        await probe.Expect(1, 1);
        await probe.ExpectNothing();
    }

    [Fact]
    public async Task Props_with_arguments_choose_the_constructor_that_fits()
    {
        var probe = NewProbe();
        System.ActorOf(Props.Create<Numbered>(probe.Ref, 7)).Tell("report");

        await probe.Expect(7);
    }

    [Fact]
    public void Props_take_a_constructor_call_and_nothing_else()
    {
        Func<Late> make = () => throw new NotSupportedException();
        var create = () => Props.Create(() => make());

        create.Should().Throw<ArgumentException>();
    }

    private sealed class Sorting : ReceiveActor
    {
        public Sorting(IActorRef probe)
        {
            Receive<int>(number => probe.Tell($"big {number}"), number => number > 10);
            Receive<int>(number => probe.Tell($"int {number}"));
            Receive<string>(text => probe.Tell($"string {text}"));
            Receive<IOException>(_ => probe.Tell("io"));
            ReceiveAny(message => probe.Tell($"any {message}"));
        }
    }

    private sealed class Switching : ReceiveActor
    {
        public Switching(IActorRef probe)
        {
            Receive<int>(number => probe.Tell($"first {number}"));
            Receive<string>(_ => Become(() =>
            {
                Receive<int>(number => probe.Tell($"switched {number}"));
                Receive<string>(_ => throw new InvalidOperationException("fails"));
            }));
        }
    }

    private sealed class Late : ReceiveActor
    {
        public Late()
        {
            Receive<string>(_ => Answer(() => Receive<long>(_ => { })));
            Receive<int>(_ => Answer(() => Become(() =>
            {
                ReceiveAny(_ => { });
                Receive<long>(_ => { });
            })));
        }

        private void Answer(Action action)
        {
            try
            {
                action();
            }
            catch (InvalidOperationException e)
            {
                Sender.Tell(e);
            }
        }
    }

    private sealed class Numbered : ReceiveActor
    {
        public Numbered(IActorRef probe, int number)
        {
            Receive<string>(text =>
            {
                if (text == "fail")
                    throw new InvalidOperationException("fails");
                probe.Tell(number);
            });
        }
    }
}
