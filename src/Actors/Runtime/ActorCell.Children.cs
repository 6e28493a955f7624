namespace Neuralink.Actors.Runtime;

internal sealed partial class ActorCell
{
    private readonly Children children = new();

    public IActorRef ActorOf(Props props, string? name = null)
    {
        if (name is not null)
            ActorName.Validate(name);
        var dispatcher = System.FindDispatcher(props.Dispatcher);
        var child = children.Add(name, unique =>
        {
            var path = $"{self.Path}/{unique}";
            return new ActorCell(System, props, self, path, mailbox => dispatcher(mailbox, path)).self;
        });
        child.SendSystem(new Create());
        return child;
    }

    public IActorRef Child(string name) => children.Find(name) ?? (IActorRef)ActorRefs.Nobody;

    public IEnumerable<IActorRef> GetChildren() => children.All();

    private void StopChildren()
    {
        foreach (var child in children.All())
            Stop(child);
    }

    private void SuspendChildren(IReadOnlyCollection<IActorRef> except)
    {
        foreach (var child in children.All())
        {
            if (!except.Contains(child))
                child.SendSystem(new Suspend());
        }
    }

    private void ResumeChildren(Exception? causedByFailure, IActorRef? perpetrator)
    {
        foreach (var child in children.All())
            child.SendSystem(new Resume(ReferenceEquals(child, perpetrator) ? causedByFailure : null));
    }
}
