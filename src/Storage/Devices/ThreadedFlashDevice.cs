using Neuralink.Kernels;

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

    private readonly Lock _gate = new();
    private readonly Queue<FlashRead> _queue;
    private readonly Reader[] _readers;
    private readonly Stack<Reader> _idle;
    private readonly TimeProvider _time;
    private int _inFlight;
    private bool _isDisposed;

    [ThreadStatic]
    private static Reader? t_current;

    /// <param name="queueDepth">Reads that may be in flight, from 1 to <see cref="QueueDepthMax"/>: a thread each.</param>
    /// <param name="time">The clock for the reads' timestamps.</param>
    protected ThreadedFlashDevice(int queueDepth, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(queueDepth, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(queueDepth, QueueDepthMax);
        _time = time;
        _queue = new Queue<FlashRead>(queueDepth);
        _idle = new Stack<Reader>(queueDepth);
        _readers = new Reader[queueDepth];
        for (int i = 0; i < queueDepth; i++)
        {
            Reader reader = _readers[i] = new Reader(this);
            reader.Thread = new Thread(() => Work(reader), StackBytes) { IsBackground = true, Name = $"flash {i}" };
            reader.Thread.Start();
        }
    }

    /// <inheritdoc/>
    public abstract string Description { get; }

    /// <inheritdoc/>
    public abstract long LengthBytes { get; }

    /// <inheritdoc/>
    public abstract int AlignmentBytes { get; }

    /// <inheritdoc/>
    public int QueueDepth => _readers.Length;

    /// <inheritdoc/>
    public void Submit(FlashRead read)
    {
        Reader? taker = t_current is { } current && current.Device == this && current.Next is null ? current : null;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (Volatile.Read(ref _inFlight) == QueueDepth)
                throw new InvalidOperationException($"{QueueDepth} reads are in flight; the device takes no more.");
            read.Begin(this);
            Interlocked.Increment(ref _inFlight);
            if (taker is null && !_idle.TryPop(out taker))
                _queue.Enqueue(read);
        }

        if (taker is null)
            return;
        taker.Next = read;
        if (taker != t_current)
            taker.Parking.Wake();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (t_current?.Device == this)
            throw new InvalidOperationException("A completion cannot dispose its device, which would wait for itself.");
        lock (_gate)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
        }

        foreach (Reader reader in _readers)
            reader.Parking.Wake();
        foreach (Reader reader in _readers)
            reader.Thread!.Join();
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Reads, scattering into the read's frames. Called on many threads at once.</summary>
    /// <returns>The bytes that arrived; fewer than asked for at the device's end.</returns>
    /// <exception cref="IOException">The medium failed.</exception>
    protected abstract int ReadScatter(FlashRead read);

    /// <summary>Frees what the device reads from; no read is in flight any more.</summary>
    protected abstract void Dispose(bool disposing);

    private void Work(Reader reader)
    {
        t_current = reader;
        while (Next(reader) is { } read)
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

    /// <summary>What a reader does next: the read that it was handed, or one that nobody was free for. Null at the end.</summary>
    private FlashRead? Next(Reader reader)
    {
        bool isIdle = false;
        while (true)
        {
            if (reader.Next is { } handed)
            {
                reader.Next = null;
                return handed;
            }

            lock (_gate)
            {
                if (!isIdle && _queue.TryDequeue(out FlashRead? read))
                    return read;
                if (_isDisposed && reader.Next is null && (!isIdle || _idle.Contains(reader)))
                    return null;
                if (!isIdle)
                    _idle.Push(reader);
                isIdle = true;
            }

            reader.Parking.Sleep();
        }
    }

    /// <summary>A thread, and the read that was handed to it: by itself, in a completion, or by who took it from the idle ones.</summary>
    private sealed class Reader(ThreadedFlashDevice device)
    {
        private FlashRead? _next;

        public ThreadedFlashDevice Device => device;

        public Parking Parking { get; } = new();

        public Thread? Thread { get; set; }

        public FlashRead? Next
        {
            get => Volatile.Read(ref _next);
            set => Volatile.Write(ref _next, value);
        }
    }
}
