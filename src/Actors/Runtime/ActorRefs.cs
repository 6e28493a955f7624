namespace Neuralink.Actors.Runtime;

/// <summary>References that stand for the absence of an actor.</summary>
public static class ActorRefs
{
    /// <summary>A reference that swallows every message.</summary>
    public static readonly Nobody Nobody = Nobody.Instance;

    /// <summary>The sender of a message that has none (null). The receiver sees <see cref="ActorSystem.DeadLetters"/> as its
    /// Sender.</summary>
    public static readonly IActorRef? NoSender;
}

/// <summary>The type of <see cref="ActorRefs.Nobody"/>.</summary>
public sealed class Nobody : IInternalActorRef
{
    internal static readonly Nobody Instance = new();

    private Nobody()
    {
    }

    string IInternalActorRef.Path => "akka://all-systems/Nobody";

    ActorSystem? IInternalActorRef.Owner => null;

    bool IInternalActorRef.IsTerminated => false;

    /// <inheritdoc/>
    public void Tell(object message, IActorRef? sender)
    {
    }

    void IInternalActorRef.SendSystem(SystemMessage message)
    {
    }

    /// <inheritdoc/>
    public override string ToString() => "[akka://all-systems/Nobody]";
}
