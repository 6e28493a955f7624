namespace Neuralink.Storage.Devices;

/// <summary>
/// A device that reads synchronously, one thread for each read that may be in flight. Blocking threads serve a queue depth of tens as fast
/// as any asynchronous interface does, and they exist on every platform.
/// </summary>
public abstract class ThreadedFlashDevice : IFlashDevice
{
    /// <summary>The most threads a device makes; flash has no use for more.</summary>
    public const int QueueDepthMax = 256;

    // Enough for a read's vectors (16 KiB) and a completion.
    private const int StackBytes = 256 * 1024;

    private readonly object _gate = new();
    private readonly FlashRead?[] _queue;
    private readonly Thread[] _threads;
    private readonly TimeProvider _time;
    private int _head;
    private int _queued;
    private int _waiting;
    private int _inFlight;
    private bool _isDisposed;

    /// <param name="queueDepth">Reads that may be in flight, from 1 to <see cref="QueueDepthMax"/>: a thread each.</param>
    /// <param name="time">The clock for the reads' timestamps.</param>
    protected ThreadedFlashDevice(int queueDepth, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(queueDepth, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(queueDepth, QueueDepthMax);
        _time = time;
        _queue = new FlashRead?[queueDepth];
        _threads = new Thread[queueDepth];
        for (int i = 0; i < queueDepth; i++)
        {
            _threads[i] = new Thread(Work, StackBytes) { IsBackground = true, Name = $"flash {i}" };
            _threads[i].Start();
        }
    }

    /// <inheritdoc/>
    public abstract string Description { get; }

    /// <inheritdoc/>
    public abstract long LengthBytes { get; }

    /// <inheritdoc/>
    public abstract int AlignmentBytes { get; }

    /// <inheritdoc/>
    public int QueueDepth => _queue.Length;

    /// <inheritdoc/>
    public void Submit(FlashRead read)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (Volatile.Read(ref _inFlight) == QueueDepth)
                throw new InvalidOperationException($"{QueueDepth} reads are in flight; the device takes no more.");
            read.Begin(this);
            Interlocked.Increment(ref _inFlight);
            _queue[(_head + _queued++) % QueueDepth] = read;
            if (_waiting > 0)
                Monitor.Pulse(_gate);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Array.IndexOf(_threads, Thread.CurrentThread) >= 0)
            throw new InvalidOperationException("A completion cannot dispose its device, which would wait for itself.");
        lock (_gate)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
            Monitor.PulseAll(_gate);
        }

        foreach (Thread thread in _threads)
            thread.Join();
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Reads, scattering into the read's frames. Called on many threads at once.</summary>
    /// <returns>The bytes that arrived; fewer than asked for at the device's end.</returns>
    /// <exception cref="IOException">The medium failed.</exception>
    protected abstract int ReadScatter(FlashRead read);

    /// <summary>Frees what the device reads from; no read is in flight any more.</summary>
    protected abstract void Dispose(bool disposing);

    private void Work()
    {
        while (Next() is { } read)
        {
            long started = _time.GetTimestamp();
            int bytesTransferred = 0;
            IOException? failure = null;
            try
            {
                bytesTransferred = ReadScatter(read);
            }
            catch (IOException error)
            {
                failure = error;
            }
            catch (UnauthorizedAccessException error)
            {
                // .NET's name for EACCES and EPERM, which a network file system may give at any time.
                failure = new IOException(error.Message, error);
            }

            // Before the completion, which may submit the next read.
            Interlocked.Decrement(ref _inFlight);
            read.Complete(bytesTransferred, failure, started, _time.GetTimestamp());
        }
    }

    private FlashRead? Next()
    {
        lock (_gate)
        {
            while (_queued == 0)
            {
                if (_isDisposed)
                    return null;
                _waiting++;
                Monitor.Wait(_gate);
                _waiting--;
            }

            FlashRead? read = _queue[_head];
            _queue[_head] = null;
            _head = (_head + 1) % QueueDepth;
            _queued--;
            return read;
        }
    }
}
