using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Neuralink.Kernels;

/// <summary>
/// Bundles in the frames of one region of native memory, which may be larger than a span can be: bundle n lies in frame frames[n], at
/// frames[n] * StrideBytes from the region's beginning. A view: it holds no memory, and the region must outlive it.
/// </summary>
public readonly ref struct BundleFrames
{
    private readonly ref readonly byte _origin;
    private readonly ReadOnlySpan<int> _frames;
    private readonly int _frameCount;
    private readonly int _strideBytes;

    /// <param name="firstFrame">The region's first frame; the others follow it in memory.</param>
    /// <param name="frameCount">Frames in the region. No index reaches past it, but that the region has them is the caller's word.</param>
    /// <param name="strideBytes">Bytes of a frame: <see cref="BundleLayout.StrideBytes"/>.</param>
    /// <param name="frames">The frame of each bundle, in the order of the neurons.</param>
    public BundleFrames(ReadOnlySpan<byte> firstFrame, int frameCount, int strideBytes, ReadOnlySpan<int> frames)
    {
        Require.NotNegative(frameCount, nameof(frameCount));
        Require.AtLeast(strideBytes, 1, nameof(strideBytes));
        Require.AtLeast(firstFrame.Length, frameCount == 0 ? 0 : strideBytes, nameof(firstFrame));
        _origin = ref MemoryMarshal.GetReference(firstFrame);
        _frameCount = frameCount;
        _strideBytes = strideBytes;
        _frames = frames;
    }

    /// <summary>Bundles in the view.</summary>
    public int Count => _frames.Length;

    /// <summary>Bundle <paramref name="index"/>, a whole frame.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Its frame is not in the region.</exception>
    public ReadOnlySpan<byte> this[int index]
    {
        get => MemoryMarshal.CreateReadOnlySpan(
            in Unsafe.AddByteOffset(ref Unsafe.AsRef(in _origin), OffsetOf(index)), _strideBytes);
    }

    /// <summary>The region's first byte.</summary>
    internal ref readonly byte Origin => ref _origin;

    /// <summary>The bundles [begin, end) of the view.</summary>
    public BundleFrames Slice(int begin, int end)
    {
        ReadOnlySpan<byte> firstFrame = MemoryMarshal.CreateReadOnlySpan(in _origin, _frameCount == 0 ? 0 : _strideBytes);
        return new(firstFrame, _frameCount, _strideBytes, _frames[begin..end]);
    }

    /// <summary>Bytes from the region's beginning to bundle <paramref name="index"/>.</summary>
    internal nint OffsetOf(int index)
    {
        int frame = _frames[index];
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)frame, (uint)_frameCount, nameof(index));
        return (nint)frame * _strideBytes;
    }
}
