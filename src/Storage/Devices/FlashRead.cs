using Neuralink.Storage.Memory;

namespace Neuralink.Storage.Devices;

/// <summary>
/// One contiguous read that scatters into frames, as an object made once and used again and again: <see cref="Reset"/>,
/// <see cref="Append"/> a frame for each stride of the extent, <see cref="IFlashDevice.Submit"/>, and when it comes back
/// through the sink, the results.
/// </summary>
public sealed class FlashRead
{
    // A device and the decorators around it; the tree nests two.
    private const int DecoratorCountMax = 4;

    private readonly int[] _frames;
    private readonly IFlashCompletionSink _sink;
    private readonly IFlashCompletionSink[] _decorators = new IFlashCompletionSink[DecoratorCountMax];
    private int _decoratorCount;
    private int _inFlight;

    /// <param name="arena">Where the frames are.</param>
    /// <param name="segmentsMax">The most frames one read may fill.</param>
    /// <param name="sink">Where the read goes when it has completed.</param>
    public FlashRead(FrameArena arena, int segmentsMax, IFlashCompletionSink sink)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(segmentsMax);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(segmentsMax, int.MaxValue / arena.StrideBytes);
        Arena = arena;
        _frames = new int[segmentsMax];
        _sink = sink;
    }

    /// <summary>Where the frames are.</summary>
    public FrameArena Arena { get; }

    /// <summary>The most frames one read may fill.</summary>
    public int SegmentsMax => _frames.Length;

    /// <summary>Where on the device the read begins.</summary>
    public long OffsetBytes { get; private set; }

    /// <summary>The frames to fill, in the order of the bytes on flash; <see cref="FrameArena.Discard"/> for bytes nobody wants.</summary>
    public ReadOnlySpan<int> Frames => _frames.AsSpan(0, SegmentCount);

    /// <summary>Number of frames to fill.</summary>
    public int SegmentCount { get; private set; }

    /// <summary>Length of the read: a stride a frame.</summary>
    public int LengthBytes => SegmentCount * Arena.StrideBytes;

    /// <summary>Whether a device has the read.</summary>
    public bool IsInFlight => Volatile.Read(ref _inFlight) != 0;

    /// <summary>
    /// Result: bytes that arrived, from the front. Fewer than <see cref="LengthBytes"/> without an error means that the device ends there.
    /// </summary>
    public int BytesTransferred { get; private set; }

    /// <summary>Result: why the read failed, or null.</summary>
    public IOException? Error { get; private set; }

    /// <summary>Result: whether every byte arrived.</summary>
    public bool IsComplete => Error is null && BytesTransferred == LengthBytes;

    /// <summary>Result: when the device began on the read, as the device's clock counts.</summary>
    public long StartedTimestamp { get; private set; }

    /// <summary>Result: when the device was done with it.</summary>
    public long CompletedTimestamp { get; private set; }

    /// <summary>Empties the read and forgets its results.</summary>
    /// <param name="offsetBytes">Where on the device the next read begins.</param>
    public void Reset(long offsetBytes)
    {
        ThrowIfInFlight();
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        OffsetBytes = offsetBytes;
        SegmentCount = 0;
        BytesTransferred = 0;
        Error = null;
        StartedTimestamp = 0;
        CompletedTimestamp = 0;
    }

    /// <summary>Lengthens the read by a stride, which goes to <paramref name="frame"/> (or to <see cref="FrameArena.Discard"/>).</summary>
    public void Append(int frame)
    {
        ThrowIfInFlight();
        Arena.CheckIndex(frame, FrameArena.Discard);
        if (SegmentCount == _frames.Length)
            throw new InvalidOperationException($"The read has room for {_frames.Length} frames.");
        _frames[SegmentCount++] = frame;
    }

    /// <summary>For a device, in Submit: checks the read against the device and takes it.</summary>
    /// <exception cref="InvalidOperationException">The read is in flight already, empty or misaligned.</exception>
    public void Begin(IFlashDevice device)
    {
        if (SegmentCount == 0)
            throw new InvalidOperationException("The read has no frames to fill.");
        if (OffsetBytes % device.AlignmentBytes != 0 || Arena.StrideBytes % device.AlignmentBytes != 0)
        {
            throw new InvalidOperationException(
                $"A read at {OffsetBytes} into frames of {Arena.StrideBytes} bytes is not aligned to the device's "
                + $"{device.AlignmentBytes}.");
        }

        if (Interlocked.Exchange(ref _inFlight, 1) != 0)
            ThrowInFlight();
    }

    /// <summary>For a device: the memory to fill for segment <paramref name="index"/>.</summary>
    public Span<byte> Segment(int index) => Arena.Target(Frames[index]);

    /// <summary>For a device, exactly once for each <see cref="Begin"/>: sets the results and hands the read back.</summary>
    public void Complete(int bytesTransferred, IOException? error, long startedTimestamp, long completedTimestamp)
    {
        if (!IsInFlight)
            throw new InvalidOperationException("The read is not in flight; it cannot complete.");
        ArgumentOutOfRangeException.ThrowIfNegative(bytesTransferred);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytesTransferred, LengthBytes);
        StartedTimestamp = startedTimestamp;
        CompletedTimestamp = completedTimestamp;
        Replace(bytesTransferred, error);
        Deliver();
    }

    /// <summary>
    /// For a decorator, before it passes the read on: its <see cref="IFlashCompletionSink.Completed"/> sees the read first.
    /// </summary>
    internal void Intercept(IFlashCompletionSink decorator)
    {
        ThrowIfInFlight();
        if (_decoratorCount == DecoratorCountMax)
            throw new InvalidOperationException($"At most {DecoratorCountMax} decorators may be around a device.");
        _decorators[_decoratorCount++] = decorator;
    }

    /// <summary>For a decorator, when the inner device refused the read.</summary>
    internal void Withdraw() => _decoratorCount--;

    /// <summary>For a decorator: other results.</summary>
    internal void Replace(int bytesTransferred, IOException? error) => (BytesTransferred, Error) = (bytesTransferred, error);

    /// <summary>For a decorator: other times.</summary>
    internal void Retime(long startedTimestamp, long completedTimestamp) =>
        (StartedTimestamp, CompletedTimestamp) = (startedTimestamp, completedTimestamp);

    /// <summary>For a decorator: hands the read further out.</summary>
    internal void Deliver()
    {
        if (_decoratorCount > 0)
        {
            _decorators[--_decoratorCount].Completed(this);
            return;
        }

        Volatile.Write(ref _inFlight, 0);
        _sink.Completed(this);
    }

    private void ThrowIfInFlight()
    {
        if (IsInFlight)
            ThrowInFlight();
    }

    private static void ThrowInFlight() => throw new InvalidOperationException("The read is in flight.");
}
