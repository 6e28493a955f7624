namespace Neuralink.Actors.Runtime.Tests;

/// <summary>A clock that stands still until it is advanced; due timers go off, in order, inside Advance.</summary>
public sealed class ManualTime : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<ManualTimer> timers = [];
    private TimeSpan now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp()
    {
        lock (gate)
            return now.Ticks;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    public void Advance(TimeSpan span)
    {
        TimeSpan end;
        lock (gate)
            end = now + span;
        while (NextDue(end) is { } fire)
            fire();
    }

    private Action? NextDue(TimeSpan end)
    {
        lock (gate)
        {
            var next = timers.Where(timer => timer.Due <= end).MinBy(timer => timer.Due);
            now = next?.Due ?? end;
            next?.GoOn();
            return next?.Fire;
        }
    }

    private sealed class ManualTimer(ManualTime time, Action fire) : ITimer
    {
        private TimeSpan period;

        public TimeSpan Due { get; private set; }

        public Action Fire => fire;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time.gate)
            {
                time.timers.Remove(this);
                this.period = period;
                Due = time.now + dueTime;
                if (dueTime != Timeout.InfiniteTimeSpan)
                    time.timers.Add(this);
            }

            return true;
        }

        public void GoOn() => Change(period, period);

        public void Dispose()
        {
            lock (time.gate)
                time.timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
