using Neuralink.Storage.Memory;

namespace Neuralink.Storage.Devices;

/// <summary>
/// Reads one behind the other, several in flight. Whoever takes them gets them in the order in which they were aimed, each when it is
/// complete, while the next ones are on their way.
/// </summary>
/// <remarks>Taken from by one thread. A read that was handed out is its taker's until the next call.</remarks>
public sealed class ReadSequence : IFlashCompletionSink, IDisposable
{
    private readonly IFlashDevice _device;
    private readonly Func<FlashRead, bool> _aim;
    private readonly Queue<FlashRead> _issued;
    private readonly Stack<FlashRead> _idle;
    private readonly object _gate = new();
    private FlashRead? _taken;

    /// <param name="device">What is read; it takes <paramref name="depth"/> reads more than it has.</param>
    /// <param name="frames">Where the reads go.</param>
    /// <param name="segmentsMax">The most frames of one read.</param>
    /// <param name="depth">Reads in flight.</param>
    /// <param name="aim">Resets a read and appends its frames; false where there is nothing more to read.</param>
    public ReadSequence(IFlashDevice device, FrameArena frames, int segmentsMax, int depth, Func<FlashRead, bool> aim)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(depth);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(depth, device.QueueDepth);
        _device = device;
        _aim = aim;
        _issued = new Queue<FlashRead>(depth);
        _idle = new Stack<FlashRead>(depth);
        for (int i = 0; i < depth; i++)
            _idle.Push(new FlashRead(frames, segmentsMax, this));
    }

    /// <summary>The next read, complete or failed; null when all were taken. It may be called again when there is more to aim at.</summary>
    public FlashRead? Next()
    {
        if (_taken is not null)
            _idle.Push(_taken);
        _taken = null;
        while (_idle.TryPeek(out FlashRead? read) && _aim(read))
        {
            _device.Submit(read);
            _issued.Enqueue(_idle.Pop());
        }
        if (!_issued.TryDequeue(out _taken))
            return null;
        Await(_taken);
        return _taken;
    }

    /// <inheritdoc/>
    public void Completed(FlashRead read)
    {
        lock (_gate)
            Monitor.Pulse(_gate);
    }

    /// <summary>Waits for what is in flight: until then the device owns its frames.</summary>
    public void Dispose()
    {
        while (_issued.TryDequeue(out FlashRead? read))
            Await(read);
    }

    private void Await(FlashRead read)
    {
        lock (_gate)
        {
            while (read.IsInFlight)
                Monitor.Wait(_gate);
        }
    }
}
