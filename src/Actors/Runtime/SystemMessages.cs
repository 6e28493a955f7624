namespace Neuralink.Actors.Runtime;

/// <summary>A message of the runtime to a cell. System messages overtake user messages and are handled even while the mailbox is
/// suspended.</summary>
internal abstract class SystemMessage
{
    /// <summary>What happens when the addressee has already stopped: nothing, except that a watcher is told so.</summary>
    public virtual void AnswerForTheDead()
    {
    }
}

/// <summary>Builds the first instance.</summary>
internal sealed class Create : SystemMessage;

/// <summary>Replaces the instance after a failure: the supervisor's Restart.</summary>
internal sealed class Recreate(Exception cause) : SystemMessage
{
    public Exception Cause => cause;
}

/// <summary>Stops user messages until the matching <see cref="Resume"/> or <see cref="Recreate"/>.</summary>
internal sealed class Suspend : SystemMessage;

/// <summary>Takes one <see cref="Suspend"/> back. The cause is set for the actor whose failure is forgiven.</summary>
internal sealed class Resume(Exception? causedByFailure) : SystemMessage
{
    public Exception? CausedByFailure => causedByFailure;
}

/// <summary>Stops the actor after the message it is handling.</summary>
internal sealed class Terminate : SystemMessage;

/// <summary>From a child to its parent: the child has failed and waits, suspended, for a directive.</summary>
internal sealed class Failed(IInternalActorRef child, Exception cause) : SystemMessage
{
    public IInternalActorRef Child => child;

    public Exception Cause => cause;
}

/// <summary>Asks the watchee to notify the watcher when it stops.</summary>
internal sealed class Watch(IInternalActorRef watchee, IInternalActorRef watcher) : SystemMessage
{
    public IInternalActorRef Watcher => watcher;

    public override void AnswerForTheDead() => watcher.SendSystem(new DeathWatchNotification(watchee));
}

/// <summary>Takes a <see cref="Watch"/> back.</summary>
internal sealed class Unwatch(IInternalActorRef watcher) : SystemMessage
{
    public IInternalActorRef Watcher => watcher;
}

/// <summary>To the parent and to every watcher: the actor has stopped.</summary>
internal sealed class DeathWatchNotification(IInternalActorRef actor) : SystemMessage
{
    public IInternalActorRef Actor => actor;
}

/// <summary>A continuation of an asynchronous handler, to be run by its actor.</summary>
internal sealed class RunContinuation(AsyncHandler handler, SendOrPostCallback callback, object? state) : SystemMessage
{
    public AsyncHandler Handler => handler;

    public void Run() => callback(state);
}

/// <summary>The task of an asynchronous handler has completed.</summary>
internal sealed class HandlerCompleted(AsyncHandler handler, Exception? failure) : SystemMessage
{
    public AsyncHandler Handler => handler;

    public Exception? Failure => failure;
}
