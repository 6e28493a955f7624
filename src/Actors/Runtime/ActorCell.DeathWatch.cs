namespace Neuralink.Actors.Runtime;

/// <summary>Who watches this actor, whom it watches, and the death of children.</summary>
internal sealed partial class ActorCell
{
    private readonly HashSet<IActorRef> watching = [];
    private readonly HashSet<IInternalActorRef> watchedBy = [];

    // Actors whose Terminated is in the mailbox. Unwatch takes them out, and the message is then dropped.
    private readonly HashSet<IActorRef> terminatedQueued = [];

    public IActorRef Watch(IActorRef subject)
    {
        var watchee = (IInternalActorRef)subject;
        if (!ReferenceEquals(watchee, self) && watching.Add(watchee))
            watchee.SendSystem(new Watch(watchee, self));
        return subject;
    }

    public IActorRef Unwatch(IActorRef subject)
    {
        var watchee = (IInternalActorRef)subject;
        if (watching.Remove(watchee))
            watchee.SendSystem(new Unwatch(self));
        terminatedQueued.Remove(watchee);
        return subject;
    }

    private void UnwatchAll()
    {
        foreach (var subject in watching.ToArray())
            Unwatch(subject);
        terminatedQueued.Clear();
    }

    private void AddWatcher(IInternalActorRef watcher) => watchedBy.Add(watcher);

    private void RemoveWatcher(IInternalActorRef watcher) => watchedBy.Remove(watcher);

    private void HandleDeath(IInternalActorRef dead)
    {
        // Terminated goes through the mailbox like any message, so it comes after what the dead actor sent before.
        if (watching.Remove(dead) && waitingFor is not Wait.Termination)
        {
            terminatedQueued.Add(dead);
            self.Tell(new Terminated(dead), dead);
        }

        if (children.Remove(dead) && waitingFor is not Wait.Nothing && !children.AnyDying())
            FinishWaiting();
    }

    private void ReceiveTerminated(Terminated terminated)
    {
        if (terminatedQueued.Remove(terminated.ActorRef))
            actor!.ReceiveMessage(terminated);
    }
}
