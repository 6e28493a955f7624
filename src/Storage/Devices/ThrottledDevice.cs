using Neuralink.Placement.Cost;

namespace Neuralink.Storage.Devices;

/// <summary>
/// Makes a fast device as slow as a <see cref="ReadCost"/> says, to study how a pipeline behaves on other flash. The modelled device serves
/// one read after the other in the order of submission: a read begins when it is submitted or when the one before it ends, whichever is
/// later. Ends are absolute times, so a late wake-up delays one completion and not those behind it.
/// </summary>
public sealed class ThrottledDevice : IFlashDevice, IFlashCompletionSink
{
    private readonly IFlashDevice _inner;
    private readonly ReadCost _cost;
    private readonly TimeProvider _time;
    private readonly Func<long, double>? _slowdown;
    private readonly object _gate = new();
    private readonly Slot[] _timeline;
    private readonly Thread _thread;
    private int _head;
    private int _count;
    private long _submitted;
    private long _busyUntil = long.MinValue;
    private bool _isDisposed;

    /// <summary>Wraps <paramref name="inner"/>, and disposes it.</summary>
    /// <param name="inner">The device that reads; it is faster than <paramref name="cost"/>, or its own time shows.</param>
    /// <param name="cost">What reads shall cost.</param>
    /// <param name="time">The clock of the timeline; it runs at the pace of real time.</param>
    /// <param name="slowdown">
    /// What a read's cost is multiplied by, given the read's number, counted from 0 in the order of submission: flash that is hot or full
    /// gets slow in the middle of a run. Null: 1. It is called under a lock.
    /// </param>
    public ThrottledDevice(IFlashDevice inner, ReadCost cost, TimeProvider time, Func<long, double>? slowdown = null)
    {
        _inner = inner;
        _cost = cost;
        _time = time;
        _slowdown = slowdown;
        _timeline = new Slot[inner.QueueDepth];
        _thread = new Thread(Work) { IsBackground = true, Name = "flash throttle" };
        _thread.Start();
    }

    /// <inheritdoc/>
    public string Description =>
        $"{_inner.Description}, throttled to {_cost.MicrosOf(4096):0.#} us for 4 KiB and {_cost.MicrosOf(1 << 20):0.#} us for 1 MiB";

    /// <inheritdoc/>
    public long LengthBytes => _inner.LengthBytes;

    /// <inheritdoc/>
    public int AlignmentBytes => _inner.AlignmentBytes;

    /// <inheritdoc/>
    public int QueueDepth => _inner.QueueDepth;

    /// <inheritdoc/>
    public void Submit(FlashRead read)
    {
        lock (_gate)
        {
            if (_count == QueueDepth)
                throw new InvalidOperationException($"{QueueDepth} reads are in flight; the device takes no more.");
            read.Intercept(this);
            try
            {
                _inner.Submit(read);
            }
            catch
            {
                read.Withdraw();
                throw;
            }

            long begin = Math.Max(_busyUntil, _time.GetTimestamp());
            double micros = _cost.MicrosOf(read.LengthBytes) * (_slowdown?.Invoke(_submitted++) ?? 1);
            _busyUntil = begin + (long)(micros * _time.TimestampFrequency / 1e6);
            _timeline[(_head + _count++) % QueueDepth] = new Slot { Read = read, Begin = begin, End = _busyUntil };
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Notes that the inner device is done with a read; it completes at its time.</summary>
    void IFlashCompletionSink.Completed(FlashRead read)
    {
        lock (_gate)
        {
            for (int i = 0; i < _count; i++)
            {
                ref Slot slot = ref _timeline[(_head + i) % QueueDepth];
                if (ReferenceEquals(slot.Read, read))
                    slot.HasArrived = true;
            }

            Monitor.Pulse(_gate);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _inner.Dispose();
        lock (_gate)
        {
            _isDisposed = true;
            Monitor.Pulse(_gate);
        }

        _thread.Join();
    }

    private void Work()
    {
        if (OperatingSystem.IsLinux())
            LibC.MakeSleepsPrecise();
        while (Next() is { } next)
        {
            SleepUntil(next.End);
            lock (_gate)
            {
                _timeline[_head] = default;
                _head = (_head + 1) % QueueDepth;
                _count--;
            }

            next.Read.Retime(next.Begin, _time.GetTimestamp());
            next.Read.Deliver();
        }
    }

    // The read whose turn it is, once it has arrived; null at the end.
    private Slot? Next()
    {
        lock (_gate)
        {
            while (!_timeline[_head].HasArrived)
            {
                if (_isDisposed && _count == 0)
                    return null;
                Monitor.Wait(_gate);
            }

            return _timeline[_head];
        }
    }

    private void SleepUntil(long end)
    {
        for (long now = _time.GetTimestamp(); now < end; now = _time.GetTimestamp())
        {
            TimeSpan left = _time.GetElapsedTime(now, end);
            if (left.TotalMilliseconds >= 2)
                Thread.Sleep((int)left.TotalMilliseconds - 1);
            else if (OperatingSystem.IsLinux())
                LibC.Nanosleep((long)left.TotalNanoseconds);
            else
                Thread.Yield();
        }
    }

    private struct Slot
    {
        public FlashRead Read;
        public long Begin;
        public long End;
        public bool HasArrived;
    }
}
