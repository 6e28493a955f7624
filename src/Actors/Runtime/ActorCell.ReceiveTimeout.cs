namespace Neuralink.Actors.Runtime;

/// <summary>The receive timeout: one timer, wound up again after each message.</summary>
internal sealed partial class ActorCell
{
    private TimeSpan? receiveTimeout;
    private ITimer? idleTimer;
    private int idlePeriod;

    public void SetReceiveTimeout(TimeSpan? timeout)
    {
        if (timeout <= TimeSpan.Zero)
            throw new ArgumentOutOfRangeException(nameof(timeout), timeout, "The receive timeout must be positive; null turns it off.");
        receiveTimeout = timeout;
        if (timeout is null)
        {
            idleTimer?.Dispose();
            idleTimer = null;
            Interlocked.Increment(ref idlePeriod);
        }
    }

    private void RestartReceiveTimeout()
    {
        if (receiveTimeout is not { } timeout)
            return;
        Interlocked.Increment(ref idlePeriod);
        idleTimer ??= System.Time.CreateTimer(
            static state => ((ActorCell)state!).SignalIdle(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        idleTimer.Change(timeout, Timeout.InfiniteTimeSpan);
    }

    private void SignalIdle() => self.Tell(new ReceiveTimeoutSignal(Volatile.Read(ref idlePeriod)), ActorRefs.NoSender);

    // A message that was handled after the timer fired ended the idle period: the signal is stale.
    private void ReceiveIdle(ReceiveTimeoutSignal signal)
    {
        if (signal.IdlePeriod == idlePeriod && receiveTimeout is not null)
            actor!.ReceiveMessage(ReceiveTimeout.Instance);
    }

    private sealed class ReceiveTimeoutSignal(int idlePeriod) : IUnseenMessage
    {
        public int IdlePeriod => idlePeriod;
    }
}

/// <summary>A user message of the runtime itself: it is no dead letter when its actor is gone.</summary>
internal interface IUnseenMessage;
