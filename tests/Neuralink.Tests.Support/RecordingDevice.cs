using Neuralink.Storage.Devices;

namespace Neuralink.Tests.Support;

/// <summary>Records which reads are submitted, and in which order they complete.</summary>
/// <param name="inner">The device that reads; disposed with this one.</param>
public sealed class RecordingDevice(IFlashDevice inner) : IFlashDevice, IFlashCompletionSink
{
    private readonly Lock _gate = new();
    private readonly Dictionary<FlashRead, int> _numbers = [];
    private readonly List<(long OffsetBytes, int LengthBytes)> _reads = [];
    private readonly List<int> _completions = [];

    /// <summary>The reads in the order of submission. Read when nothing is in flight.</summary>
    public IReadOnlyList<(long OffsetBytes, int LengthBytes)> Reads => _reads;

    /// <summary>The numbers of the reads in the order in which they completed.</summary>
    public IReadOnlyList<int> Completions => _completions;

    /// <inheritdoc/>
    public string Description => inner.Description;

    /// <inheritdoc/>
    public long LengthBytes => inner.LengthBytes;

    /// <inheritdoc/>
    public int AlignmentBytes => inner.AlignmentBytes;

    /// <inheritdoc/>
    public int QueueDepth => inner.QueueDepth;

    /// <inheritdoc/>
    public void Submit(FlashRead read)
    {
        lock (_gate)
        {
            read.Intercept(this);
            _numbers[read] = _reads.Count;
            _reads.Add((read.OffsetBytes, read.LengthBytes));
            inner.Submit(read);
        }
    }

    /// <summary>Hands a read on under the lock, so that it arrives in the order that is recorded.</summary>
    void IFlashCompletionSink.Completed(FlashRead read)
    {
        lock (_gate)
        {
            _completions.Add(_numbers[read]);
            read.Deliver();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => inner.Dispose();
}
