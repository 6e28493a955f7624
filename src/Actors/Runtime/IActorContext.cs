namespace Neuralink.Actors.Runtime;

/// <summary>Something that creates actors.</summary>
public interface IActorRefFactory
{
    /// <summary>Creates a child. It starts asynchronously; messages may be sent at once.</summary>
    /// <param name="props">How to build it.</param>
    /// <param name="name">Unique among the siblings; generated (<c>$a</c>, <c>$b</c>, ...) when null.</param>
    /// <exception cref="InvalidActorNameException">The name is malformed or taken.</exception>
    /// <exception cref="ConfigurationException">The dispatcher of the props is not configured.</exception>
    public IActorRef ActorOf(Props props, string? name = null);
}

/// <summary>Something that is told when actors stop.</summary>
public interface ICanWatch
{
    /// <summary>Asks for one <see cref="Terminated"/> when the subject stops, at once if it has stopped already.</summary>
    public IActorRef Watch(IActorRef subject);

    /// <summary>Takes the watch back; a <see cref="Terminated"/> already queued is not delivered.</summary>
    public IActorRef Unwatch(IActorRef subject);
}

/// <summary>What an actor sees of the runtime. For use inside the actor only, while it handles a message.</summary>
public interface IActorContext : IActorRefFactory, ICanWatch
{
    /// <summary>The actor itself.</summary>
    public IActorRef Self { get; }

    /// <summary>Who sent the message being handled; the dead letters when nobody did.</summary>
    public IActorRef Sender { get; }

    /// <summary>The supervisor.</summary>
    public IActorRef Parent { get; }

    /// <summary>The system the actor lives in.</summary>
    public ActorSystem System { get; }

    /// <summary>The child of that name, or <see cref="ActorRefs.Nobody"/>.</summary>
    public IActorRef Child(string name);

    /// <summary>The children, those still stopping included.</summary>
    public IEnumerable<IActorRef> GetChildren();

    /// <summary>Stops an actor (a child or oneself) after the message it is handling.</summary>
    public void Stop(IActorRef child);

    /// <summary>Delivers <see cref="ReceiveTimeout"/> whenever no message came for that long; null turns it off.</summary>
    public void SetReceiveTimeout(TimeSpan? timeout);
}
