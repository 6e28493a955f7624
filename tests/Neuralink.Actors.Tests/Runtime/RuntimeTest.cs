using System.Threading.Channels;

namespace Neuralink.Actors.Runtime.Tests;

/// <summary>A test with an actor system of its own, which is gone when the test ends.</summary>
public abstract class RuntimeTest : IDisposable
{
    /// <summary>How long a test waits for what must happen. Only a failing test ever waits that long.</summary>
    protected static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly Lazy<ActorSystem> system;

    protected RuntimeTest() => system = new Lazy<ActorSystem>(CreateSystem);

    protected ActorSystem System => system.Value;

    public void Dispose()
    {
        if (system.IsValueCreated)
            system.Value.Terminate().Wait(Limit).Should().BeTrue("the system stops");
    }

    protected virtual ActorSystem CreateSystem() => ActorSystem.Create("test");

    protected Probe NewProbe(string? name = null) => new(System, name);

    /// <summary>An actor that does what the function says.</summary>
    protected IActorRef Actor(Action<Scripted, object> receive, string? name = null) =>
        System.ActorOf(Props.Create(() => new Scripted(receive)), name);
}

/// <summary>An actor made of functions, for tests that need little.</summary>
public class Scripted(Action<Scripted, object> receive) : UntypedActor
{
    public new IActorContext Context => ActorBase.Context;

    public static IActorContext Current => ActorBase.Context;

    public new IActorRef Self => base.Self;

    public new IActorRef Sender => base.Sender;

    public void Switch(UntypedReceive next) => Become(next);

    public void Refuse(object message) => Unhandled(message);

    protected override void OnReceive(object message) => receive(this, message);
}

/// <summary>An actor that keeps what it is told for the test to look at.</summary>
public sealed class Probe
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly Channel<(object Message, IActorRef Sender)> received = Channel.CreateUnbounded<(object, IActorRef)>();
    private readonly ActorSystem system;

    public Probe(ActorSystem system, string? name)
    {
        this.system = system;
        Action<Scripted, object> keep = (self, message) =>
        {
            if (message is Do action)
                action.Run(self);
            else
                received.Writer.TryWrite((message, self.Sender));
        };
        Ref = system.ActorOf(Props.Create(() => new Scripted(keep)), name);
    }

    public IActorRef Ref { get; }

    public IActorRef LastSender { get; private set; } = ActorRefs.Nobody;

    /// <summary>The next message, which must be a <typeparamref name="T"/>.</summary>
    public async Task<T> Next<T>()
    {
        (object message, LastSender) = await received.Reader.ReadAsync().AsTask().WaitAsync(Limit);
        return message.Should().BeAssignableTo<T>().Subject;
    }

    /// <summary>The next messages, compared in order.</summary>
    public async Task Expect(params object[] messages)
    {
        foreach (var message in messages)
            (await Next<object>()).Should().Be(message);
    }

    /// <summary>That nothing has come: what the probe is sent from here on would come after it.</summary>
    public async Task ExpectNothing()
    {
        var mark = new object();
        Ref.Tell(mark);
        (await Next<object>()).Should().BeSameAs(mark);
    }

    /// <summary>Runs in the probe's actor.</summary>
    public async Task Run(Action<Scripted> action)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Ref.Tell(new Do(self =>
        {
            action(self);
            done.SetResult();
        }));
        await done.Task.WaitAsync(Limit);
    }

    public Task Watch(IActorRef subject) => Run(self => self.Context.Watch(subject));

    public async Task ExpectTerminated(IActorRef subject) => (await Next<Terminated>()).ActorRef.Should().BeSameAs(subject);

    public void Subscribe(Type channel) => system.EventStream.Subscribe(Ref, channel).Should().BeTrue();

    private sealed record Do(Action<Scripted> Run);
}
