using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Neuralink.Storage.Devices;

/// <summary>
/// A device over a file that reads through Linux's io_uring (Axboe, "Efficient IO with io_uring", 2019): one thread gives the kernel what
/// was submitted, sleeps until reads complete, and hands them back.
/// </summary>
/// <remarks>
/// Only that thread touches the ring. A thread that submitted by itself would take its reads along when it ends: the kernel may cancel what
/// a task began. Submission puts the read into a queue and, if the ring's thread sleeps, wakes it, once for however many reads come before
/// it runs; a read submitted from a completion wakes nobody, because the ring's thread is the one that runs it.
/// </remarks>
[SupportedOSPlatform("linux")]
internal sealed unsafe class UringFlashDevice : IFlashFile
{
    private readonly OpenedFile _file;
    private readonly UringRing _ring;
    private readonly TimeProvider _time;
    private readonly Thread _thread;
    private readonly Lock _gate = new();

    // Guarded by the gate.
    private readonly FlashRead?[] _queue;
    private int _head;
    private int _queued;
    private int _inFlight;
    private bool _isAsleep;
    private bool _isDisposed;

    // Of the ring's thread. A slot is what the kernel has of one read.
    private readonly Slot[] _slots;
    private readonly int[] _freeSlots;
    private readonly LibC.IoVector* _vectors;
    private int _freeCount;

    private UringFlashDevice(OpenedFile file, UringRing ring, int queueDepth, TimeProvider time)
    {
        _file = file;
        _ring = ring;
        _time = time;
        _queue = new FlashRead?[queueDepth];
        _slots = new Slot[queueDepth];
        _freeSlots = [.. Enumerable.Range(0, queueDepth)];
        _freeCount = queueDepth;
        _vectors = (LibC.IoVector*)NativeMemory.Alloc((nuint)queueDepth * LibC.IovMax, (nuint)sizeof(LibC.IoVector));
        _thread = new Thread(Work) { IsBackground = true, Name = "flash ring" };
        _thread.Start();
    }

    /// <inheritdoc/>
    public string? FallbackReason => _file.FallbackReason;

    /// <inheritdoc/>
    public bool IsPastPageCache => _file.Access == FlashAccess.Direct;

    /// <inheritdoc/>
    public string Description => _file.Describe($"io_uring, {QueueDepth} reads deep");

    /// <inheritdoc/>
    public long LengthBytes => _file.LengthBytes;

    /// <inheritdoc/>
    public int AlignmentBytes => _file.AlignmentBytes;

    /// <inheritdoc/>
    public int QueueDepth => _queue.Length;

    /// <inheritdoc/>
    public void Submit(FlashRead read)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (_inFlight == QueueDepth)
                throw new InvalidOperationException($"{QueueDepth} reads are in flight; the device takes no more.");
            read.Begin(this);
            _inFlight++;
            _queue[(_head + _queued++) % QueueDepth] = read;

            // Under the gate, so that disposal cannot end the ring in between.
            if (_isAsleep)
                _ring.Wake();
            _isAsleep = false;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Thread.CurrentThread == _thread)
            throw new InvalidOperationException("A completion cannot dispose its device, which would wait for itself.");
        lock (_gate)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
            _ring.Wake();
        }

        _thread.Join();
        _ring.Dispose();
        _file.Handle.Dispose();
        NativeMemory.Free(_vectors);
    }

    /// <summary>Makes a device over <paramref name="file"/>, which belongs to it from then on.</summary>
    /// <param name="file">What is read.</param>
    /// <param name="queueDepth">Reads that may be in flight.</param>
    /// <param name="time">The clock for the reads' timestamps.</param>
    /// <param name="setup">Creates the ring.</param>
    /// <param name="refusal">Why it is not possible, or null.</param>
    /// <returns>The device, or null where io_uring is not to be had.</returns>
    public static UringFlashDevice? TryOpen(OpenedFile file, int queueDepth, TimeProvider time, UringSetup setup, out string? refusal) =>
        UringRing.TryCreate(file.Handle, queueDepth, setup, out refusal) is { } ring
            ? new UringFlashDevice(file, ring, queueDepth, time)
            : null;

    private void Work()
    {
        _ring.ArmWake();
        do
        {
            while (Next() is { } read)
                Start(read);
            _ring.SubmitAndWait();
            while (_ring.TryTake(out UringCompletion completion))
            {
                if (completion.Tag == UringRing.WakeTag)
                    ArmWake();
                else
                    Advance((int)completion.Tag, completion.Result);
            }
        }
        while (!IsOver());
    }

    // What to give the kernel next; where there is nothing, the thread is about to sleep.
    private FlashRead? Next()
    {
        lock (_gate)
        {
            _isAsleep = _queued == 0;
            if (_isAsleep)
                return null;
            FlashRead? read = _queue[_head];
            _queue[_head] = null;
            _head = (_head + 1) % QueueDepth;
            _queued--;
            return read;
        }
    }

    private void ArmWake()
    {
        // Disposal wakes the ring once; nothing may be armed when it ends.
        lock (_gate)
        {
            if (!_isDisposed)
                _ring.ArmWake();
        }
    }

    private bool IsOver()
    {
        lock (_gate)
            return _isDisposed && _inFlight == 0 && !_ring.IsWakeArmed;
    }

    private void Start(FlashRead read)
    {
        int slot = _freeSlots[--_freeCount];
        _slots[slot] = new Slot { Read = read, StartedTimestamp = _time.GetTimestamp() };
        QueueRest(slot);
    }

    private void QueueRest(int slot)
    {
        ref Slot state = ref _slots[slot];
        LibC.IoVector* vectors = _vectors + ((long)slot * LibC.IovMax);
        int vectorCount = LinuxScatter.Describe(vectors, state.Read, state.DoneBytes);
        _ring.Read(vectors, vectorCount, state.Read.OffsetBytes + state.DoneBytes, (ulong)slot);
    }

    private void Advance(int slot, int result)
    {
        ref Slot state = ref _slots[slot];
        state.DoneBytes += Math.Max(0, result);
        bool isOver = result < 0
            ? result != -LibC.Eintr
            : state.DoneBytes == state.Read.LengthBytes || LinuxScatter.IsLast(result, state.DoneBytes, AlignmentBytes);
        if (isOver)
            Finish(slot, result < 0 ? LibC.Failure(-result) : null);
        else
            QueueRest(slot);
    }

    private void Finish(int slot, IOException? failure)
    {
        Slot state = _slots[slot];
        _slots[slot] = default;
        _freeSlots[_freeCount++] = slot;

        // Before the completion, which may submit the next read.
        lock (_gate)
        {
            _inFlight--;
            _isAsleep = false;
        }

        state.Read.Complete(failure is null ? state.DoneBytes : 0, failure, state.StartedTimestamp, _time.GetTimestamp());
    }

    private struct Slot
    {
        public FlashRead Read;
        public long StartedTimestamp;
        public int DoneBytes;
    }
}
