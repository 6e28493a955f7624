using System.Collections.Concurrent;
using System.Diagnostics;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Memory;

namespace Neuralink.Benchmarks.Devices;

/// <summary>
/// Keeps a device's queue full of random reads. Either a thread of its own submits the next read for each that completes, as the Io actor
/// does, or the completion itself does.
/// </summary>
internal sealed class ReadLoad : IFlashCompletionSink, IDisposable
{
    private readonly IFlashDevice _device;
    private readonly FlashRead[] _reads;
    private readonly int _segments;
    private readonly bool _fromCompletion;
    private readonly Random _random = new(1);
    private readonly Lock _gate = new();
    private readonly BlockingCollection<FlashRead> _completed = [];
    private long _end;
    private int _readCount;

    public ReadLoad(IFlashDevice device, FrameArena frames, int segments, int depth, bool fromCompletion)
    {
        _device = device;
        _segments = segments;
        _fromCompletion = fromCompletion;
        _reads = [.. Enumerable.Range(0, depth).Select(_ => new FlashRead(frames, segments, this))];
    }

    public int ReadCount => _readCount;

    /// <summary>Reads for <paramref name="duration"/>, and until what was begun has completed.</summary>
    public void Run(TimeSpan duration)
    {
        _end = Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        for (int i = 0; i < _reads.Length; i++)
            Submit(_reads[i], i);
        int left = _reads.Length;
        while (left > 0)
        {
            FlashRead read = _completed.Take();
            if (_fromCompletion || Stopwatch.GetTimestamp() >= _end)
                left--;
            else
                Submit(read, Array.IndexOf(_reads, read));
        }
    }

    void IFlashCompletionSink.Completed(FlashRead read)
    {
        if (!read.IsComplete)
            throw new InvalidOperationException($"A read failed: {read.Error?.Message ?? "it is short"}.");
        Interlocked.Increment(ref _readCount);
        if (_fromCompletion && Stopwatch.GetTimestamp() < _end)
            Submit(read, Array.IndexOf(_reads, read));
        else
            _completed.Add(read);
    }

    public void Dispose() => _completed.Dispose();

    private void Submit(FlashRead read, int index)
    {
        long strides = _device.LengthBytes / read.Arena.StrideBytes;
        lock (_gate)
            read.Reset(_random.NextInt64(strides - _segments) * read.Arena.StrideBytes);

        // Backwards, so that every frame is a piece of its own.
        for (int segment = _segments - 1; segment >= 0; segment--)
            read.Append((index * _segments) + segment);
        _device.Submit(read);
    }
}
