namespace Neuralink.Actors.Runtime;

/// <summary>What a supervisor does with a child that failed.</summary>
public enum Directive
{
    /// <summary>Go on with the next message; the instance is kept.</summary>
    Resume,

    /// <summary>Replace the instance by a new one; the reference and the mailbox are kept, the failing message is dropped.</summary>
    Restart,

    /// <summary>Fail in turn, with the same cause.</summary>
    Escalate,

    /// <summary>Stop the child.</summary>
    Stop,
}

/// <summary>How an actor treats the failures of its children.</summary>
public abstract class SupervisorStrategy
{
    private protected SupervisorStrategy()
    {
    }

    /// <summary>Restart always, except that what failed to start, was killed or broke a death pact is stopped.</summary>
    internal static SupervisorStrategy Default { get; } = new OneForOneStrategy(exception => exception switch
    {
        ActorInitializationException or ActorKilledException or DeathPactException => Directive.Stop,
        _ => Directive.Restart,
    });

    /// <summary>Deals with the failure; false when it must be escalated.</summary>
    internal bool HandleFailure(ActorCell supervisor, Child child, Exception cause)
    {
        var directive = Decide(cause);
        Log(supervisor, child, cause, directive);
        switch (directive)
        {
            case Directive.Resume:
                child.Actor.SendSystem(new Resume(cause));
                return true;
            case Directive.Restart when MayRestart(child, supervisor.System.Time):
                child.Actor.SendSystem(new Recreate(cause));
                return true;
            case Directive.Restart:
            case Directive.Stop:
                supervisor.Stop(child.Actor);
                return true;
            default:
                return false;
        }
    }

    internal abstract Directive Decide(Exception cause);

    internal abstract bool MayRestart(Child child, TimeProvider time);

    // What is escalated is logged by the supervisor that decides.
    private void Log(ActorCell supervisor, Child child, Exception cause, Directive directive)
    {
        var shown = cause is ActorInitializationException { InnerException: { } inner } ? inner : cause;
        if (directive is Directive.Resume)
            supervisor.System.PublishLog(new Warning(shown, child.Actor.Path, GetType(), shown.Message));
        else if (directive is not Directive.Escalate)
            supervisor.System.PublishLog(new Error(shown, child.Actor.Path, GetType(), shown.Message));
    }
}

/// <summary>A strategy that treats the failed child alone.</summary>
public sealed class OneForOneStrategy : SupervisorStrategy
{
    private readonly int? maxNrOfRetries;
    private readonly TimeSpan? withinTimeRange;
    private readonly Func<Exception, Directive> decider;

    /// <summary>Without a limit on restarts.</summary>
    public OneForOneStrategy(Func<Exception, Directive> localOnlyDecider)
        : this(null, null, localOnlyDecider)
    {
    }

    /// <param name="maxNrOfRetries">How often a child may be restarted before it is stopped instead; null or negative for no limit.</param>
    /// <param name="withinTimeRange">The window the restarts are counted in; null for ever.</param>
    /// <param name="localOnlyDecider">What to do, by exception.</param>
    public OneForOneStrategy(int? maxNrOfRetries, TimeSpan? withinTimeRange, Func<Exception, Directive> localOnlyDecider)
    {
        this.maxNrOfRetries = maxNrOfRetries < 0 ? null : maxNrOfRetries;
        this.withinTimeRange = withinTimeRange > TimeSpan.Zero ? withinTimeRange : null;
        decider = localOnlyDecider;
    }

    internal override Directive Decide(Exception cause) => decider(cause);

    internal override bool MayRestart(Child child, TimeProvider time) => child.Restarts.Request(maxNrOfRetries, withinTimeRange, time);
}

/// <summary>How often a child has been restarted.</summary>
internal sealed class RestartStatistics
{
    private int count;
    private long windowStart;

    /// <summary>Counts one more restart; false when it is one too many.</summary>
    public bool Request(int? limit, TimeSpan? window, TimeProvider time)
    {
        if (limit is null && window is null)
            return true;
        if (limit is 0)
            return false;
        if (window is not null && (count == 0 || time.GetElapsedTime(windowStart) > window))
        {
            windowStart = time.GetTimestamp();
            count = 1;
            return true;
        }

        count++;
        return count <= (limit ?? 1);
    }
}
