namespace Neuralink.Actors.Runtime;

/// <summary>Publishes what it is told as <see cref="DeadLetter"/> on the event stream.</summary>
internal sealed class DeadLetterActorRef(ActorSystem system, string path) : IInternalActorRef
{
    public string Path => path;

    public ActorSystem Owner => system;

    public bool IsTerminated => false;

    public void Tell(object message, IActorRef? sender)
    {
        if (message is null)
            throw new InvalidMessageException("Message is null.");
        system.PublishDeadLetter(message, sender, this);
    }

    public void SendSystem(SystemMessage message) => message.AnswerForTheDead();

    public override string ToString() => $"[{path}]";
}
