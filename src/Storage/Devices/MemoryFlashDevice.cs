using Neuralink.Storage.Memory;

namespace Neuralink.Storage.Devices;

/// <summary>A device whose flash is memory: for tests, and for studies of what a pipeline would do with infinitely fast flash.</summary>
public sealed class MemoryFlashDevice : ThreadedFlashDevice
{
    private readonly NativeBuffer _image;
    private readonly NativeArena? _owned;

    /// <summary>A device over <paramref name="image"/>, which outlives it.</summary>
    /// <param name="image">What there is to read.</param>
    /// <param name="queueDepth">Reads that may be in flight.</param>
    /// <param name="time">The clock for the reads' timestamps.</param>
    public MemoryFlashDevice(NativeBuffer image, int queueDepth, TimeProvider time)
        : base(queueDepth, time)
    {
        _image = image;
    }

    /// <summary>A device over a copy of <paramref name="image"/>.</summary>
    /// <inheritdoc cref="MemoryFlashDevice(NativeBuffer, int, TimeProvider)"/>
    public MemoryFlashDevice(ReadOnlySpan<byte> image, int queueDepth, TimeProvider time)
        : base(queueDepth, time)
    {
        _owned = new NativeArena(Math.Max(1, image.Length));
        _image = _owned.Allocate(image.Length, "flash image");
        image.CopyTo(_image.Bytes(0, image.Length));
    }

    /// <inheritdoc/>
    public override string Description => $"memory, {QueueDepth} threads";

    /// <inheritdoc/>
    public override long LengthBytes => _image.LengthBytes;

    /// <summary>As direct I/O has it at best, so that what runs on memory runs on flash.</summary>
    public override int AlignmentBytes => FrameArena.StrideMultipleBytes;

    /// <inheritdoc/>
    protected override int ReadScatter(FlashRead read)
    {
        int done = 0;
        for (int i = 0; i < read.SegmentCount; i++)
        {
            long offset = read.OffsetBytes + done;
            int count = (int)Math.Clamp(LengthBytes - offset, 0, read.Arena.StrideBytes);
            if (count == 0)
                break;
            _image.Bytes(offset, count).CopyTo(read.Segment(i));
            done += count;
        }

        return done;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _owned?.Dispose();
}
