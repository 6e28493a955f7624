namespace Neuralink.Actors.Runtime;

/// <summary>A behaviour of an <see cref="UntypedActor"/>.</summary>
public delegate void UntypedReceive(object message);

/// <summary>An actor that takes every message in one method.</summary>
public abstract class UntypedActor : ActorBase
{
    private UntypedReceive? behavior;

    internal sealed override void ReceiveMessage(object message)
    {
        if (behavior is null)
            OnReceive(message);
        else
            behavior(message);
    }

    /// <summary>Handles a message. Call <see cref="ActorBase.Unhandled"/> for one that is not expected.</summary>
    protected abstract void OnReceive(object message);

    /// <summary>Handles all further messages of this incarnation with <paramref name="receive"/>.</summary>
    protected void Become(UntypedReceive receive) => behavior = receive;
}
