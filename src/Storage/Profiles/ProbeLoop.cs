using Neuralink.Storage.Devices;
using Neuralink.Storage.Memory;

namespace Neuralink.Storage.Profiles;

/// <summary>
/// Keeps a number of equal reads in flight for a while, and counts them. A read that completes is submitted again at
/// once, in its completion.
/// </summary>
internal sealed class ProbeLoop : IFlashCompletionSink, IDisposable
{
    /// <summary>The size of the reads' frames. Offsets of reads are multiples of it.</summary>
    public const int FrameBytes = 4096;

    private readonly FrameArena _arena;
    private readonly FlashRead[] _reads;
    private readonly int[] _firstFrames;
    private readonly TimeProvider _time;
    private readonly ManualResetEventSlim _drained = new();
    private readonly Lock _gate = new();
    private IFlashDevice _device = null!;
    private Func<long> _nextOffset = null!;
    private CancellationToken _cancellation;
    private int _frameCount;
    private long _deadline;
    private long _lastCompletion;
    private int _inFlight;
    private int _completed;
    private string? _failure;

    /// <param name="queueDepthMax">The most reads in flight.</param>
    /// <param name="bytesMax">The longest read.</param>
    /// <param name="memory">Must have <see cref="RequiredBytes"/> left.</param>
    /// <param name="time">The clock.</param>
    public ProbeLoop(int queueDepthMax, int bytesMax, NativeArena memory, TimeProvider time)
    {
        int framesMax = bytesMax / FrameBytes;
        _arena = new FrameArena(memory, queueDepthMax * framesMax, FrameBytes, "probe");
        _time = time;
        _reads = new FlashRead[queueDepthMax];
        _firstFrames = new int[queueDepthMax];
        for (int i = 0; i < queueDepthMax; i++)
        {
            _reads[i] = new FlashRead(_arena, framesMax, this);
            _firstFrames[i] = i * framesMax;
        }
    }

    /// <summary>The bytes that a loop needs.</summary>
    public static long RequiredBytes(int queueDepthMax, int bytesMax) =>
        FrameArena.RequiredBytes(queueDepthMax * (bytesMax / FrameBytes), FrameBytes);

    /// <summary>Runs for <paramref name="duration"/>, and until the last read has completed.</summary>
    /// <param name="device">The device to read from.</param>
    /// <param name="cell">The kind of reads.</param>
    /// <param name="nextOffset">Where the next read begins. One thread at a time calls it.</param>
    /// <param name="duration">After this time no more reads are submitted.</param>
    /// <param name="cancellation">Ends the loop early.</param>
    /// <returns>What each read took on average.</returns>
    /// <exception cref="NeuralinkException">A read failed.</exception>
    public ProbeSlice Run(IFlashDevice device, ProbeCell cell, Func<long> nextOffset, TimeSpan duration, CancellationToken cancellation)
    {
        (_device, _nextOffset, _cancellation, _frameCount) = (device, nextOffset, cancellation, cell.Bytes / FrameBytes);
        (_completed, _failure) = (0, null);
        _drained.Reset();
        _inFlight = cell.QueueDepth;
        TimeSpan processor = Environment.CpuUsage.TotalTime;
        long start = _time.GetTimestamp();
        _deadline = start + (long)(duration.TotalSeconds * _time.TimestampFrequency);
        for (int i = 0; i < cell.QueueDepth; i++)
            Submit(i);
        _drained.Wait(CancellationToken.None);
        cancellation.ThrowIfCancellationRequested();
        if (_failure is { } failure)
            throw new NeuralinkException("measure the device", $"to read {cell.Bytes} bytes", failure);
        processor = Environment.CpuUsage.TotalTime - processor;
        double micros = _time.GetElapsedTime(start, _lastCompletion).TotalMicroseconds;
        return new ProbeSlice(micros / _completed, processor.TotalMicroseconds / _completed);
    }

    /// <summary>
    /// Submits reads in bursts, as a layer asks for what it lacks: as many as the cell has in flight at once, and none before all are
    /// there and the processor has done something else for a while.
    /// </summary>
    /// <param name="device">The device to read from.</param>
    /// <param name="cell">The kind of reads.</param>
    /// <param name="nextOffset">Where the next read begins.</param>
    /// <param name="pause">Between two bursts; the thread computes meanwhile.</param>
    /// <param name="duration">After this time no more bursts begin.</param>
    /// <param name="cancellation">Ends the loop early.</param>
    /// <returns>
    /// What a burst took from its beginning to the last completion, the median, divided by its reads; processor time is not told.
    /// </returns>
    /// <exception cref="NeuralinkException">A read failed.</exception>
    public ProbeSlice RunBursts(
        IFlashDevice device, ProbeCell cell, Func<long> nextOffset, TimeSpan pause, TimeSpan duration, CancellationToken cancellation)
    {
        (_device, _nextOffset, _cancellation, _frameCount) = (device, nextOffset, cancellation, cell.Bytes / FrameBytes);
        (_completed, _failure, _deadline) = (0, null, long.MinValue);      // a read that completes is not submitted again
        List<double> bursts = [];
        long begin = _time.GetTimestamp();
        do
        {
            _drained.Reset();
            _inFlight = cell.QueueDepth;
            long start = _time.GetTimestamp();
            for (int i = 0; i < cell.QueueDepth; i++)
                Submit(i);
            _drained.Wait(CancellationToken.None);
            cancellation.ThrowIfCancellationRequested();
            if (_failure is { } failure)
                throw new NeuralinkException("measure the device", $"to read {cell.Bytes} bytes", failure);
            bursts.Add(_time.GetElapsedTime(start, _lastCompletion).TotalMicroseconds);
            for (long paused = _time.GetTimestamp(); _time.GetElapsedTime(paused) < pause;)
                Thread.SpinWait(10);
        }
        while (_time.GetElapsedTime(begin) < duration);
        return new ProbeSlice(DeviceProbe.Median(bursts) / cell.QueueDepth, ProcessorMicros: 0);
    }

    /// <summary>Submits the read again, or counts it as the last one of its place in the queue.</summary>
    void IFlashCompletionSink.Completed(FlashRead read)
    {
        long now = _time.GetTimestamp();
        bool isOver = now >= _deadline || _cancellation.IsCancellationRequested;
        lock (_gate)
        {
            _completed++;
            if (!read.IsComplete)
                _failure ??= read.Error?.Message ?? $"{read.BytesTransferred} bytes";
            isOver |= _failure is not null;
            if (isOver)
            {
                _lastCompletion = now;
                if (--_inFlight == 0)
                    _drained.Set();
            }
        }
        if (!isOver)
            Submit(Array.IndexOf(_reads, read));
    }

    public void Dispose() => _drained.Dispose();

    private void Submit(int index)
    {
        FlashRead read = _reads[index];
        lock (_gate)
            read.Reset(_nextOffset());
        for (int i = 0; i < _frameCount; i++)
            read.Append(_firstFrames[index] + i);
        _device.Submit(read);
    }
}
