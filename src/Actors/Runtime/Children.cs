namespace Neuralink.Actors.Runtime;

/// <summary>A child and what its supervisor remembers of it.</summary>
internal sealed class Child(IInternalActorRef actor)
{
    public IInternalActorRef Actor => actor;

    /// <summary>Told to stop, has not stopped yet. A restart or stop of the parent waits for it.</summary>
    public bool IsDying { get; set; }

    public RestartStatistics Restarts { get; } = new();
}

/// <summary>The children of one actor by name. Safe from any thread: hosts create top-level actors from their own threads.</summary>
internal sealed class Children
{
    private readonly Dictionary<string, Child> byName = new(StringComparer.Ordinal);
    private readonly Dictionary<IActorRef, string> names = [];
    private long generated;
    private bool closed;

    /// <summary>Reserves the name, or generates one, and enters what <paramref name="build"/> makes for it.</summary>
    /// <exception cref="InvalidActorNameException">The name is taken.</exception>
    /// <exception cref="InvalidOperationException">The parent is stopping.</exception>
    public IInternalActorRef Add(string? name, Func<string, IInternalActorRef> build)
    {
        lock (byName)
        {
            if (closed)
                throw new InvalidOperationException("Cannot create child while terminating or terminated");
            var unique = name ?? ActorName.Generate(generated++);
            if (byName.ContainsKey(unique))
                throw new InvalidActorNameException($"Actor name \"{unique}\" is not unique!");
            var actor = build(unique);
            byName.Add(unique, new Child(actor));
            names.Add(actor, unique);
            return actor;
        }
    }

    /// <summary>Lets no further child in.</summary>
    public void Close()
    {
        lock (byName)
            closed = true;
    }

    public IInternalActorRef? Find(string name)
    {
        lock (byName)
            return byName.TryGetValue(name, out var child) ? child.Actor : null;
    }

    public Child? Find(IActorRef actor)
    {
        lock (byName)
            return names.TryGetValue(actor, out var name) ? byName[name] : null;
    }

    public void MarkDying(IActorRef actor)
    {
        lock (byName)
        {
            if (names.TryGetValue(actor, out var name))
                byName[name].IsDying = true;
        }
    }

    /// <summary>Removes a child that has stopped; false if it is no child.</summary>
    public bool Remove(IActorRef actor)
    {
        lock (byName)
            return names.Remove(actor, out var name) && byName.Remove(name);
    }

    public bool AnyDying()
    {
        lock (byName)
            return byName.Values.Any(child => child.IsDying);
    }

    public IInternalActorRef[] All()
    {
        lock (byName)
            return [.. byName.Values.Select(child => child.Actor)];
    }
}
