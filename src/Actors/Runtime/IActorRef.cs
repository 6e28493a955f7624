namespace Neuralink.Actors.Runtime;

/// <summary>Something that takes messages.</summary>
public interface ICanTell
{
    /// <summary>Queues <paramref name="message"/> for the receiver and returns at once. At most once, in order between one sender and one
    /// receiver.</summary>
    /// <exception cref="InvalidMessageException">The message is null.</exception>
    public void Tell(object message, IActorRef? sender);
}

/// <summary>The handle of an actor. It stays the same over the actor's restarts and may outlive the actor.</summary>
public interface IActorRef : ICanTell
{
}

/// <summary>What the runtime needs of a reference besides messages.</summary>
internal interface IInternalActorRef : IActorRef
{
    /// <summary>The address without the incarnation, as in <c>akka://system/user/name</c>.</summary>
    public string Path { get; }

    /// <summary>The system the actor belongs to; null for <see cref="Nobody"/>.</summary>
    public ActorSystem? Owner { get; }

    /// <summary>True once no message can reach the actor any more.</summary>
    public bool IsTerminated { get; }

    /// <summary>Queues a message of the runtime itself; these overtake all user messages.</summary>
    public void SendSystem(SystemMessage message);
}
