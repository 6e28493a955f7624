namespace Neuralink.Actors.Runtime;

/// <summary>
/// What every actor has. One instance is one incarnation: a restart builds a new one through the props, so that all fields are fresh,
/// and keeps the reference and the mailbox.
/// </summary>
public abstract class ActorBase
{
    private readonly ActorCell cell;
    private SupervisorStrategy? supervisorStrategy;

    private protected ActorBase() => cell = ActorCell.Current ?? throw new ActorInitializationException(
        $"You cannot create an instance of [{GetType()}] explicitly using the constructor (new). Use the ActorOf methods instead.");

    /// <summary>The runtime's side of the actor that is running on this thread.</summary>
    /// <exception cref="NotSupportedException">No actor is running on this thread, as after an await that did not come back to the
    /// actor.</exception>
    protected static IActorContext Context => ActorCell.Current ?? throw new NotSupportedException(
        "There is no active ActorContext, this is most likely due to use of async operations from within this actor.");

    /// <summary>The reference of this actor.</summary>
    protected IActorRef Self => cell.Self;

    /// <summary>Who sent the message being handled; the dead letters when nobody did.</summary>
    protected IActorRef Sender => Context.Sender;

    internal SupervisorStrategy Strategy => supervisorStrategy ??= cell.Props.SupervisorStrategy ?? SupervisorStrategy();

    internal abstract void ReceiveMessage(object message);

    internal virtual void Initialize()
    {
    }

    internal void RunPreStart() => PreStart();

    internal void RunPostStop() => PostStop();

    internal void RunPreRestart(Exception reason, object? message) => PreRestart(reason, message);

    internal void RunPostRestart(Exception reason) => PostRestart(reason);

    /// <summary>Runs before the first message of the first incarnation (and of later ones, by way of <see cref="PostRestart"/>).</summary>
    protected virtual void PreStart()
    {
    }

    /// <summary>Runs when the actor has stopped, after its children (and before a restart, by way of <see cref="PreRestart"/>).</summary>
    protected virtual void PostStop()
    {
    }

    /// <summary>Runs on the failed instance before it is replaced: stops all children and calls <see cref="PostStop"/>.</summary>
    /// <param name="reason">The failure.</param>
    /// <param name="message">The message that was being handled, if any. It is not delivered again.</param>
    protected virtual void PreRestart(Exception reason, object? message)
    {
        foreach (var child in Context.GetChildren())
        {
            Context.Unwatch(child);
            Context.Stop(child);
        }

        PostStop();
    }

    /// <summary>Runs on the new instance: calls <see cref="PreStart"/>.</summary>
    protected virtual void PostRestart(Exception reason) => PreStart();

    /// <summary>What to do when a child fails. Asked for once in an incarnation.</summary>
    protected virtual SupervisorStrategy SupervisorStrategy() => Runtime.SupervisorStrategy.Default;

    /// <summary>Publishes <see cref="UnhandledMessage"/> on the event stream.</summary>
    /// <exception cref="DeathPactException">The message is <see cref="Terminated"/>: who watches must handle it.</exception>
    protected virtual void Unhandled(object message)
    {
        if (message is Terminated terminated)
            throw new DeathPactException(terminated.ActorRef);
        cell.System.EventStream.Publish(new UnhandledMessage(message, Sender, Self));
    }
}
