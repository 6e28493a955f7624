namespace Neuralink.Actors.Runtime;

/// <summary>Messages later.</summary>
public interface IScheduler
{
    /// <summary>Sends <paramref name="message"/> to <paramref name="receiver"/> once after <paramref name="delay"/>, unless the system
    /// ends before.</summary>
    public void ScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef? sender);
}

/// <summary>The timers of one actor system, over its <see cref="TimeProvider"/>.</summary>
internal sealed class Scheduler(TimeProvider time) : IScheduler, IDisposable
{
    // Timers hold on to no one: what is not referenced from here could be collected before it goes off.
    private readonly HashSet<ScheduledTell> pending = [];
    private bool disposed;

    public void ScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef? sender) =>
        Schedule(delay, Timeout.InfiniteTimeSpan, receiver, message, sender);

    /// <summary>Sends after the delay and then, if the period is not infinite, after each period, until disposed.</summary>
    public IDisposable Schedule(TimeSpan delay, TimeSpan period, ICanTell receiver, object message, IActorRef? sender)
    {
        if (delay < TimeSpan.Zero)
            throw new ArgumentOutOfRangeException(nameof(delay), delay, "The delay must not be negative.");
        if (message is null)
            throw new InvalidMessageException("Message is null.");
        var scheduled = new ScheduledTell(this, period, receiver, message, sender);
        lock (pending)
        {
            if (!disposed)
            {
                pending.Add(scheduled);
                scheduled.Start(time, delay);
            }
        }

        return scheduled;
    }

    public void Dispose()
    {
        ScheduledTell[] left;
        lock (pending)
        {
            disposed = true;
            left = [.. pending];
        }

        foreach (var scheduled in left)
            scheduled.Dispose();
    }

    private sealed class ScheduledTell(Scheduler scheduler, TimeSpan period, ICanTell receiver, object message, IActorRef? sender)
        : IDisposable
    {
        // The system's timers count whole milliseconds, and a period of zero means none.
        private static readonly TimeSpan ShortestPeriod = TimeSpan.FromMilliseconds(1);

        private readonly bool repeats = period != Timeout.InfiniteTimeSpan;
        private ITimer? timer;

        public void Start(TimeProvider time, TimeSpan delay)
        {
            var every = repeats && period < ShortestPeriod ? ShortestPeriod : period;
            timer = time.CreateTimer(
                static state => ((ScheduledTell)state!).Fire(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            timer.Change(delay, every);
        }

        public void Dispose()
        {
            lock (scheduler.pending)
                scheduler.pending.Remove(this);
            timer?.Dispose();
        }

        private void Fire()
        {
            if (!repeats)
                Dispose();
            receiver.Tell(message, sender);
        }
    }
}
