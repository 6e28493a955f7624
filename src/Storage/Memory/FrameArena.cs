namespace Neuralink.Storage.Memory;

/// <summary>
/// Frames: buffers of one bundle's stride each, side by side in native memory, into which flash reads scatter directly. Behind the last
/// frame lies one more that has no index: what a read must fetch but nobody wants (a bridge) is discarded there, by any number of reads at
/// once. Which frames are free is not known here; the cache's state owns that.
/// </summary>
public sealed unsafe class FrameArena
{
    /// <summary>The index that stands for the discard frame in a read.</summary>
    public const int Discard = -1;

    /// <summary>The sector of every common device: strides are multiples of it.</summary>
    public const int StrideMultipleBytes = 512;

    /// <summary>Alignment of the first frame: the largest logical block of common devices.</summary>
    public const int AlignmentBytes = 4096;

    /// <summary>Takes <see cref="RequiredBytes"/> from <paramref name="arena"/>, aligned to <see cref="AlignmentBytes"/>.</summary>
    /// <param name="arena">Where the frames live.</param>
    /// <param name="frameCount">Number of frames, at least one.</param>
    /// <param name="strideBytes">Length of a frame: a positive multiple of <see cref="StrideMultipleBytes"/>.</param>
    /// <param name="purpose">What the frames are for, as the memory report names it.</param>
    public FrameArena(NativeArena arena, int frameCount, int strideBytes, string purpose)
    {
        long bytes = RequiredBytes(frameCount, strideBytes) - AlignmentBytes;
        FrameCount = frameCount;
        StrideBytes = strideBytes;
        Buffer = arena.Allocate(bytes, purpose, AlignmentBytes);
    }

    /// <summary>Number of frames, the discard frame not counted.</summary>
    public int FrameCount { get; }

    /// <summary>Length of a frame.</summary>
    public int StrideBytes { get; }

    /// <summary>All frames, side by side, and the discard frame.</summary>
    internal NativeBuffer Buffer { get; }

    /// <summary>
    /// Native memory that <paramref name="frameCount"/> frames and the discard frame need, wherever in an arena they begin.
    /// </summary>
    public static long RequiredBytes(int frameCount, int strideBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(frameCount);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(strideBytes);
        if (strideBytes % StrideMultipleBytes != 0)
        {
            throw new ArgumentException(
                $"A stride is a multiple of {StrideMultipleBytes} bytes; {strideBytes} is none.", nameof(strideBytes));
        }
        return ((frameCount + 1L) * strideBytes) + AlignmentBytes;
    }

    /// <summary>What frame <paramref name="index"/> holds. Valid while the caller holds the frame's lease.</summary>
    public ReadOnlySpan<byte> Frame(int index)
    {
        CheckIndex(index, 0);
        return Buffer.Bytes((long)index * StrideBytes, StrideBytes);
    }

    /// <summary>Frame <paramref name="index"/>, or the discard frame for <see cref="Discard"/>, as a device writes it.</summary>
    internal Span<byte> Target(int index) => new(TargetPointer(index), StrideBytes);

    /// <inheritdoc cref="Target"/>
    internal byte* TargetPointer(int index)
    {
        CheckIndex(index, Discard);
        return Buffer.Pointer + ((index == Discard ? FrameCount : (long)index) * StrideBytes);
    }

    internal void CheckIndex(int index, int lowest)
    {
        if (index < lowest || index >= FrameCount)
            throw new ArgumentOutOfRangeException(nameof(index), index, $"There are {FrameCount} frames.");
    }
}
