namespace Neuralink.Actors.Runtime;

/// <summary>The reference of an actor that has a cell.</summary>
internal sealed class LocalActorRef(ActorCell cell, string path, long uid) : IInternalActorRef
{
    public string Path => path;

    public ActorSystem Owner => cell.System;

    public bool IsTerminated => cell.Mailbox.IsClosed;

    internal ActorCell Cell => cell;

    public void Tell(object message, IActorRef? sender)
    {
        if (message is null)
            throw new InvalidMessageException("Message is null.");
        if (!cell.Mailbox.Post(new Envelope(message, sender)))
            cell.System.PublishDeadLetter(message, sender, this);
    }

    public void SendSystem(SystemMessage message)
    {
        if (!cell.Mailbox.PostSystem(message))
            message.AnswerForTheDead();
    }

    public override string ToString() => $"[{path}#{uid}]";
}
