namespace Neuralink.Actors.Runtime;

/// <summary>The parent of the guardian: when the guardian fails (a failure escalated to the very top) or stops, so does the
/// system.</summary>
internal sealed class RootActorRef(ActorSystem system, string path) : IInternalActorRef
{
    /// <summary>The guardian, once it exists.</summary>
    public IActorRef? Guardian { get; set; }

    public string Path => path;

    public ActorSystem Owner => system;

    public bool IsTerminated => false;

    public void Tell(object message, IActorRef? sender) => system.DeadLetters.Tell(message, sender);

    public void SendSystem(SystemMessage message)
    {
        switch (message)
        {
            case Failed failed:
                system.PublishLog(new Error(failed.Cause, path, typeof(RootActorRef), failed.Cause.Message));
                system.Stop(failed.Child);
                break;
            case DeathWatchNotification death when ReferenceEquals(death.Actor, Guardian):
                system.FinishTermination();
                break;
        }
    }

    public override string ToString() => $"[{path}]";
}

/// <summary>The parent of the actors that the host creates, with the default strategy.</summary>
internal sealed class Guardian : UntypedActor
{
    protected override void OnReceive(object message) => Unhandled(message);
}
