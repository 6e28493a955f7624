namespace Neuralink.Actors.Runtime;

/// <summary>An actor with timers of its own. The runtime sets the property after the constructor, before PreStart.</summary>
public interface IWithTimers
{
    /// <summary>The timers of this incarnation.</summary>
    public ITimerScheduler Timers { get; set; }
}

/// <summary>
/// Messages to oneself, later. All timers end with the incarnation; a message of a timer that was cancelled or replaced is not
/// delivered, even when it is in the mailbox already. For use inside the actor only.
/// </summary>
public interface ITimerScheduler
{
    /// <summary>Sends <paramref name="msg"/> once after <paramref name="timeout"/>, in place of any timer with the same key.</summary>
    public void StartSingleTimer(object key, object msg, TimeSpan timeout);

    /// <summary>Sends <paramref name="msg"/> after each <paramref name="interval"/>, in place of any timer with the same key.</summary>
    public void StartPeriodicTimer(object key, object msg, TimeSpan interval);

    /// <summary>Ends the timer with that key, if there is one.</summary>
    public void Cancel(object key);

    /// <summary>Ends all timers.</summary>
    public void CancelAll();
}

/// <summary>The timers of one incarnation.</summary>
internal sealed class TimerScheduler(IActorRef self, Scheduler scheduler) : ITimerScheduler
{
    private readonly Dictionary<object, TimerMessage> active = [];

    public void StartSingleTimer(object key, object msg, TimeSpan timeout) => Start(key, msg, timeout, repeats: false);

    public void StartPeriodicTimer(object key, object msg, TimeSpan interval)
    {
        if (interval <= TimeSpan.Zero)
            throw new ArgumentOutOfRangeException(nameof(interval), interval, "The interval must be positive.");
        Start(key, msg, interval, repeats: true);
    }

    public void Cancel(object key)
    {
        if (active.Remove(key, out var timer))
            timer.Schedule?.Dispose();
    }

    public void CancelAll()
    {
        foreach (var timer in active.Values)
            timer.Schedule?.Dispose();
        active.Clear();
    }

    /// <summary>The message to deliver for a timer that went off; false when the timer is no longer the one of its key.</summary>
    public bool TryTake(TimerMessage timer, out object message)
    {
        message = timer.Message;
        if (!active.TryGetValue(timer.Key, out var latest) || !ReferenceEquals(timer, latest))
            return false;
        if (!timer.Repeats)
            active.Remove(timer.Key);
        return true;
    }

    private void Start(object key, object msg, TimeSpan delay, bool repeats)
    {
        Cancel(key);
        var timer = new TimerMessage(key, msg, repeats);
        active.Add(key, timer);
        timer.Schedule = scheduler.Schedule(delay, repeats ? delay : Timeout.InfiniteTimeSpan, self, timer, ActorRefs.NoSender);
    }
}

/// <summary>One start of a timer, and what arrives in the mailbox when it goes off. Its identity tells it from earlier timers of its
/// key.</summary>
internal sealed class TimerMessage(object key, object message, bool repeats) : IUnseenMessage
{
    public object Key => key;

    public object Message => message;

    public bool Repeats => repeats;

    public IDisposable? Schedule { get; set; }
}
