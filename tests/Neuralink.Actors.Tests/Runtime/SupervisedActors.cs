using System.Runtime.CompilerServices;

namespace Neuralink.Actors.Runtime.Tests;

/// <summary>Reports its life to a probe; an exception as a message is thrown, an event is waited for, a number is added up and
/// reported.</summary>
public class Worker : ReceiveActor
{
    private readonly IActorRef probe;
    private int sum;

    public Worker(IActorRef probe)
    {
        this.probe = probe;
        probe.Tell("constructed");
        Receive<int>(number => probe.Tell(sum += number));
        Receive<ManualResetEventSlim>(gate => gate.Wait());
        Receive<Exception>(exception => throw exception);
    }

    protected override void PreStart() => probe.Tell("pre-start");

    protected override void PostStop() => probe.Tell("post-stop");

    protected override void PreRestart(Exception reason, object? message)
    {
        probe.Tell($"pre-restart {reason.Message}");
        base.PreRestart(reason, message);
    }

    protected override void PostRestart(Exception reason)
    {
        probe.Tell($"post-restart {reason.Message}");
        base.PostRestart(reason);
    }
}

/// <summary>Answers "child" with its only child, a <see cref="Worker"/>.</summary>
public class Supervisor : ReceiveActor
{
    private readonly SupervisorStrategy strategy;

    public Supervisor(IActorRef probe, SupervisorStrategy strategy)
    {
        this.strategy = strategy;
        Receive<string>(_ =>
        {
            var child = Context.Child("worker");
            if (ReferenceEquals(child, ActorRefs.Nobody))
                child = Context.ActorOf(Props.Create(() => new Worker(probe)), "worker");
            Sender.Tell(child);
        });
        Receive<ManualResetEventSlim>(gate => gate.Wait());
        Receive<Exception>(exception => throw exception);
    }

    protected override SupervisorStrategy SupervisorStrategy() => strategy;
}

/// <summary>A supervisor whose children survive its restart.</summary>
public sealed class KeepingSupervisor(IActorRef probe) : Supervisor(probe, new OneForOneStrategy(_ => Directive.Restart))
{
    protected override void PreRestart(Exception reason, object? message)
    {
    }
}

public sealed class Unbuildable : UntypedActor
{
    public Unbuildable() => throw new InvalidOperationException("cannot be built");

    protected override void OnReceive(object message)
    {
    }
}

public sealed class BuildableOnce : UntypedActor
{
    public BuildableOnce(StrongBox<int> built)
    {
        if (built.Value++ > 0)
            throw new InvalidOperationException("cannot be built again");
    }

    protected override void OnReceive(object message) => throw new InvalidOperationException("fails");
}

/// <summary>Answers with a new child of the given kind.</summary>
public sealed class Judge : ReceiveActor
{
    private readonly SupervisorStrategy strategy;

    public Judge(Props child, SupervisorStrategy strategy)
    {
        this.strategy = strategy;
        ReceiveAny(_ => Sender.Tell(Context.ActorOf(child)));
    }

    protected override SupervisorStrategy SupervisorStrategy() => strategy;
}
