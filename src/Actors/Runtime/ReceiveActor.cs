namespace Neuralink.Actors.Runtime;

/// <summary>
/// An actor whose handlers are registered by message type, in the constructor or inside <see cref="Become(Action)"/>. The first registered
/// handler whose type and predicate fit takes the message; a message without one is unhandled.
/// </summary>
public abstract class ReceiveActor : UntypedActor
{
    private readonly HandlerList initial = new();
    private HandlerList? open;

    protected ReceiveActor() => open = initial;

    internal override void Initialize() => open = null;

    /// <inheritdoc/>
    protected sealed override void OnReceive(object message) => Handle(initial, message);

    /// <summary>Registers a handler.</summary>
    /// <exception cref="InvalidOperationException">Called outside the constructor and Become, or after a handler that takes
    /// everything.</exception>
    protected void Receive<T>(Action<T> handler, Predicate<T>? shouldHandle = null) =>
        Open.Add(handler, shouldHandle);

    /// <summary>
    /// Registers an asynchronous handler. No other message is handled until its task completes; its continuations run in the actor,
    /// with the same Sender. When the actor is stopped or restarted meanwhile, what is left of the handler does not run.
    /// </summary>
    /// <exception cref="InvalidOperationException">Called outside the constructor and Become, or after a handler that takes
    /// everything.</exception>
    protected void ReceiveAsync<T>(Func<T, Task> handler, Predicate<T>? shouldHandle = null) =>
        Open.Add(message => ActorCell.Current!.RunAsync(handler, message), shouldHandle);

    /// <summary>Registers a handler for every message the ones before did not take. It is the last.</summary>
    /// <exception cref="InvalidOperationException">Called outside the constructor and Become, or after a handler that takes
    /// everything.</exception>
    protected void ReceiveAny(Action<object> handler) => Open.Add(handler, null);

    /// <summary>Replaces all handlers by those that <paramref name="configure"/> registers.</summary>
    protected void Become(Action configure)
    {
        var outer = open;
        var handlers = new HandlerList();
        open = handlers;
        try
        {
            configure();
        }
        finally
        {
            open = outer;
        }

        Become(message => Handle(handlers, message));
    }

    private HandlerList Open => open ?? throw new InvalidOperationException(
        "You may only call Receive-methods when constructing the actor and inside Become().");

    private void Handle(HandlerList handlers, object message)
    {
        if (!handlers.TryHandle(message))
            Unhandled(message);
    }

    private sealed class HandlerList
    {
        private readonly List<Predicate<object>> handlers = [];
        private bool takesEverything;

        public void Add<T>(Action<T> handler, Predicate<T>? shouldHandle)
        {
            if (takesEverything)
                throw new InvalidOperationException("No handler can be added after one that catches all messages.");
            takesEverything = typeof(T) == typeof(object) && shouldHandle is null;
            handlers.Add(message =>
            {
                if (message is not T typed || (shouldHandle is not null && !shouldHandle(typed)))
                    return false;
                handler(typed);
                return true;
            });
        }

        public bool TryHandle(object message)
        {
            foreach (var handler in handlers)
            {
                if (handler(message))
                    return true;
            }

            return false;
        }
    }
}
