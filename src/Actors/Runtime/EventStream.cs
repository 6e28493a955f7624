namespace Neuralink.Actors.Runtime;

/// <summary>The system's own events (<see cref="DeadLetter"/>, <see cref="UnhandledMessage"/>, <see cref="LogEvent"/>), for actors that
/// subscribe.</summary>
public sealed class EventStream
{
    private readonly Lock gate = new();
    private Subscription[] subscriptions = [];

    internal EventStream()
    {
    }

    /// <summary>Sends events of that type and of types derived from it to the subscriber until it stops, each event once.</summary>
    /// <returns>False when it was subscribed to that type already.</returns>
    public bool Subscribe(IActorRef subscriber, Type channel)
    {
        lock (gate)
        {
            var known = Array.Find(subscriptions, subscription => ReferenceEquals(subscription.Subscriber, subscriber));
            if (known is not null && Array.Exists(known.Channels, type => type.IsAssignableFrom(channel)))
                return false;
            var replaced = new Subscription((IInternalActorRef)subscriber, [.. known?.Channels ?? [], channel]);
            subscriptions = [.. subscriptions.Where(subscription => subscription != known), replaced];
            return true;
        }
    }

    internal void Publish(object message)
    {
        foreach (var subscription in Volatile.Read(ref subscriptions))
        {
            if (subscription.Subscriber.IsTerminated)
                Remove(subscription);
            else if (Array.Exists(subscription.Channels, channel => channel.IsInstanceOfType(message)))
                subscription.Subscriber.Tell(message, ActorRefs.NoSender);
        }
    }

    private void Remove(Subscription dead)
    {
        lock (gate)
            subscriptions = [.. subscriptions.Where(subscription => subscription != dead)];
    }

    private sealed class Subscription(IInternalActorRef subscriber, Type[] channels)
    {
        public IInternalActorRef Subscriber => subscriber;

        public Type[] Channels => channels;
    }
}
