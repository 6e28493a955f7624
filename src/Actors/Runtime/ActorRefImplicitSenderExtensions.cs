namespace Neuralink.Actors.Runtime;

/// <summary>The forms of Tell that take the sender from the actor that is running on this thread.</summary>
public static class ActorRefImplicitSenderExtensions
{
    /// <summary>Sends with the current actor as the sender, or none outside actors.</summary>
    public static void Tell(this IActorRef receiver, object message) => receiver.Tell(message, ActorCell.Current?.Self);

    /// <summary>Sends on with the sender of the message being handled, so that the receiver answers it and not the current actor.</summary>
    public static void Forward(this IActorRef receiver, object message) => receiver.Tell(message, ActorCell.Current?.SenderOrNull);
}
