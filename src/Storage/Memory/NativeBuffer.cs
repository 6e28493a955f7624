using System.Runtime.CompilerServices;

namespace Neuralink.Storage.Memory;

/// <summary>
/// A part of a <see cref="NativeArena"/>, possibly longer than a span can be. Its users see spans of it, checked against its bounds in
/// every build; the pointer stays inside this assembly.
/// </summary>
public sealed unsafe class NativeBuffer
{
    private readonly NativeArena _arena;
    private readonly byte* _start;

    internal NativeBuffer(NativeArena arena, byte* start, long lengthBytes, string purpose)
    {
        _arena = arena;
        _start = start;
        LengthBytes = lengthBytes;
        Purpose = purpose;
    }

    /// <summary>Length of the buffer.</summary>
    public long LengthBytes { get; }

    /// <summary>What the memory is for, as the memory report names it.</summary>
    public string Purpose { get; }

    /// <summary>The buffer's first byte, for the devices of this assembly.</summary>
    internal byte* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_arena.IsDisposed, _arena);
            return _start;
        }
    }

    /// <summary>A part of this buffer as a buffer of its own, with the same purpose.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not all inside this buffer.</exception>
    public NativeBuffer Slice(long offset, long lengthBytes)
    {
        if (offset < 0 || lengthBytes < 0 || offset > LengthBytes - lengthBytes)
            ThrowOutside(offset, lengthBytes, LengthBytes);
        return new NativeBuffer(_arena, _start + offset, lengthBytes, Purpose);
    }

    /// <summary>The <paramref name="length"/> bytes from <paramref name="offset"/> on.</summary>
    public Span<byte> Bytes(long offset, int length) => Span<byte>(offset, length);

    /// <summary>The <paramref name="count"/> elements from element <paramref name="elementOffset"/> on.</summary>
    public Span<float> Floats(long elementOffset, int count) => Span<float>(elementOffset, count);

    /// <summary>
    /// The <paramref name="count"/> elements of type <typeparamref name="T"/> from element <paramref name="elementOffset"/> on.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">They are not all inside the buffer.</exception>
    public Span<T> Span<T>(long elementOffset, int count)
        where T : unmanaged
    {
        long elements = LengthBytes / Unsafe.SizeOf<T>();
        if (elementOffset < 0 || count < 0 || elementOffset > elements - count)
            ThrowOutside(elementOffset, count, elements);
        return new Span<T>((T*)Pointer + elementOffset, count);
    }

    private void ThrowOutside(long elementOffset, long count, long elements) => throw new ArgumentOutOfRangeException(
        nameof(elementOffset), elementOffset, $"{count} elements from there are not inside {Purpose}, which has {elements}.");
}
