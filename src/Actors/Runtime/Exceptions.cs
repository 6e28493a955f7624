namespace Neuralink.Actors.Runtime;

/// <summary>The base of the runtime's exceptions.</summary>
public abstract class AkkaException : Exception
{
    private protected AkkaException(string message, Exception? cause = null)
        : base(message, cause)
    {
    }
}

/// <summary>The constructor, PreStart or PostRestart threw. The default directive is Stop.</summary>
public class ActorInitializationException : AkkaException
{
    internal ActorInitializationException(string message, Exception? cause = null)
        : base(message, cause)
    {
    }
}

/// <summary>The new instance could not be built or threw in PostRestart.</summary>
internal sealed class PostRestartException : ActorInitializationException
{
    public PostRestartException(IActorRef actor, Exception cause)
        : base($"Exception post restart ({cause.GetType()}) of {actor}: {cause.Message}", cause)
    {
    }
}

/// <summary>The actor was told <see cref="Kill"/>. The default directive is Stop.</summary>
public sealed class ActorKilledException : AkkaException
{
    internal ActorKilledException(string message)
        : base(message)
    {
    }
}

/// <summary>The actor watched another and did not handle its <see cref="Terminated"/>. The default directive is Stop.</summary>
public sealed class DeathPactException : AkkaException
{
    internal DeathPactException(IActorRef deadActor)
        : base($"Monitored actor {deadActor} terminated")
    {
    }
}

/// <summary>The name of an actor is malformed or taken by a sibling.</summary>
public sealed class InvalidActorNameException : AkkaException
{
    internal InvalidActorNameException(string message)
        : base(message)
    {
    }
}

/// <summary>A message was null.</summary>
public sealed class InvalidMessageException : AkkaException
{
    internal InvalidMessageException(string message)
        : base(message)
    {
    }
}

/// <summary>An Ask had no answer in time.</summary>
public sealed class AskTimeoutException : AkkaException
{
    internal AskTimeoutException(string message)
        : base(message)
    {
    }
}

/// <summary>The configuration has a key or a value that the runtime does not read, or names a dispatcher that is not configured.</summary>
public sealed class ConfigurationException : AkkaException
{
    internal ConfigurationException(string message)
        : base(message)
    {
    }
}
