namespace Neuralink.Actors.Runtime;

/// <summary>Marks a message that stays inside the process.</summary>
public interface INoSerializationVerificationNeeded
{
}

/// <summary>A watched actor has stopped.</summary>
public sealed class Terminated : INoSerializationVerificationNeeded
{
    internal Terminated(IActorRef actorRef) => ActorRef = actorRef;

    /// <summary>The actor that stopped.</summary>
    public IActorRef ActorRef { get; }

    /// <inheritdoc/>
    public override string ToString() => $"<Terminated>: {ActorRef}";
}

/// <summary>No message came for the time set by <see cref="IActorContext.SetReceiveTimeout"/>.</summary>
public sealed class ReceiveTimeout
{
    private ReceiveTimeout()
    {
    }

    /// <summary>The only instance.</summary>
    public static ReceiveTimeout Instance { get; } = new();

    /// <inheritdoc/>
    public override string ToString() => "<ReceiveTimeout>";
}

/// <summary>Stops the receiver when its turn in the mailbox comes.</summary>
public sealed class PoisonPill
{
    private PoisonPill()
    {
    }

    /// <summary>The only instance.</summary>
    public static PoisonPill Instance { get; } = new();

    /// <inheritdoc/>
    public override string ToString() => "<PoisonPill>";
}

/// <summary>Makes the receiver fail with <see cref="ActorKilledException"/> when its turn in the mailbox comes.</summary>
public sealed class Kill
{
    private Kill()
    {
    }

    /// <summary>The only instance.</summary>
    public static Kill Instance { get; } = new();

    /// <inheritdoc/>
    public override string ToString() => "<Kill>";
}

/// <summary>The outcome of a task, as a message.</summary>
public abstract class Status
{
    private Status()
    {
    }

    /// <summary>It went well.</summary>
    public sealed class Success(object status) : Status
    {
        /// <summary>The result.</summary>
        public object Status { get; } = status;

        /// <inheritdoc/>
        public override string ToString() => $"Success: {Status}";
    }

    /// <summary>It failed.</summary>
    public sealed class Failure(Exception cause) : Status
    {
        /// <summary>Why.</summary>
        public Exception Cause { get; } = cause;

        /// <inheritdoc/>
        public override string ToString() => $"Failure: {Cause}";
    }
}

/// <summary>On the event stream: a message that reached nobody.</summary>
public sealed class DeadLetter
{
    internal DeadLetter(object message, IActorRef sender, IActorRef recipient)
    {
        Message = message;
        Sender = sender;
        Recipient = recipient;
    }

    /// <summary>What was sent.</summary>
    public object Message { get; }

    /// <summary>Who sent it; the dead letters when nobody did.</summary>
    public IActorRef Sender { get; }

    /// <summary>Whom it was meant for.</summary>
    public IActorRef Recipient { get; }

    /// <inheritdoc/>
    public override string ToString() => $"DeadLetter from {Sender} to {Recipient}: <{Message}>";
}

/// <summary>On the event stream: a message its receiver had no handler for.</summary>
public sealed class UnhandledMessage
{
    internal UnhandledMessage(object message, IActorRef sender, IActorRef recipient)
    {
        Message = message;
        Sender = sender;
        Recipient = recipient;
    }

    /// <summary>What was sent.</summary>
    public object Message { get; }

    /// <summary>Who sent it; the dead letters when nobody did.</summary>
    public IActorRef Sender { get; }

    /// <summary>Who did not handle it.</summary>
    public IActorRef Recipient { get; }

    /// <inheritdoc/>
    public override string ToString() => $"UnhandledMessage from {Sender} to {Recipient}: <{Message}>";
}
