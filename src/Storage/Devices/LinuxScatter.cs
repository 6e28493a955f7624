using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using Neuralink.Storage.Memory;

namespace Neuralink.Storage.Devices;

/// <summary>
/// Scatter reads: one system call for an extent, however many frames it goes to. A device takes some microseconds for each vector of a
/// direct read that does not lie on whole pages, so an extent of many small frames is read into one buffer and copied from there.
/// </summary>
[SupportedOSPlatform("linux")]
internal static unsafe class LinuxScatter
{
    // The longest read that is copied, and what a reading thread has for it beside its stack.
    private const int CopiedBytesMax = 256 * 1024;

    // Copying a larger frame takes as long as its vector, and two or three vectors as long as the copies (docs/experiments/reading.md).
    private const int CopiedStrideMax = 8 * 1024, CopiedSegmentsMin = 4;

    private const int PageBytes = 4096;

    [ThreadStatic]
    private static byte[]? t_buffer;

    /// <summary>Reads until every frame is full or the file ends.</summary>
    /// <param name="file">The file.</param>
    /// <param name="read">What to read, and into what.</param>
    /// <param name="isDirect">Whether the file is read past the page cache, which copies a read itself.</param>
    /// <param name="alignmentBytes">Of the device.</param>
    /// <returns>The bytes that arrived.</returns>
    /// <exception cref="IOException">The system reports an error; its HResult is the errno.</exception>
    public static int Read(SafeFileHandle file, FlashRead read, bool isDirect, int alignmentBytes)
    {
        if (isDirect && IsCopied(read))
            return ReadAndCopy(file, read, alignmentBytes);
        LibC.IoVector* vectors = stackalloc LibC.IoVector[Math.Min(read.SegmentCount, LibC.IovMax)];
        int done = 0;
        while (done < read.LengthBytes)
        {
            int count = Read(file, vectors, Describe(vectors, read, done), read.OffsetBytes + done);
            done += count;
            if (IsLast(count, done, alignmentBytes))
                break;
        }

        return done;
    }

    private static bool IsCopied(FlashRead read) =>
        read.Arena.StrideBytes <= CopiedStrideMax && read.SegmentCount >= CopiedSegmentsMin && read.LengthBytes <= CopiedBytesMax;

    private static int ReadAndCopy(SafeFileHandle file, FlashRead read, int alignmentBytes)
    {
        byte[] buffer = t_buffer ??= GC.AllocateUninitializedArray<byte>(CopiedBytesMax + PageBytes, pinned: true);
        byte* start = (byte*)(((nint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(buffer)) + PageBytes - 1) & -PageBytes);
        int done = 0;
        while (done < read.LengthBytes)
        {
            LibC.IoVector vector = new() { Base = start + done, Length = (nuint)(read.LengthBytes - done) };
            int count = Read(file, &vector, 1, read.OffsetBytes + done);
            done += count;
            if (IsLast(count, done, alignmentBytes))
                break;
        }

        ReadOnlySpan<byte> arrived = new(start, done);
        foreach (int frame in read.Frames)
        {
            ReadOnlySpan<byte> bundle = arrived[..Math.Min(arrived.Length, read.Arena.StrideBytes)];
            if (frame != FrameArena.Discard)
                bundle.CopyTo(read.Arena.Target(frame));
            arrived = arrived[bundle.Length..];
        }

        return done;
    }

    private static int Read(SafeFileHandle file, LibC.IoVector* vectors, int vectorCount, long offsetBytes)
    {
        while (true)
        {
            nint count = LibC.Preadv(file, vectors, vectorCount, offsetBytes);
            if (count >= 0)
                return (int)count;
            int errno = Marshal.GetLastPInvokeError();
            if (errno != LibC.Eintr)
                throw LibC.Failure(errno);
        }
    }

    /// <summary>
    /// Whether a call that brought <paramref name="count"/> bytes met the end of the file: it brought nothing, or a part of a block; and
    /// from within a block a direct read cannot go on anyway.
    /// </summary>
    public static bool IsLast(int count, int done, int alignmentBytes) => count == 0 || done % alignmentBytes != 0;

    /// <summary>
    /// Describes what is still to fill behind the first <paramref name="done"/> bytes, as far as one call takes it. Frames
    /// side by side become one vector.
    /// </summary>
    /// <param name="vectors">Room for a vector a frame, at most <see cref="LibC.IovMax"/>.</param>
    /// <param name="read">The read.</param>
    /// <param name="done">Bytes that have arrived.</param>
    /// <returns>How many vectors there are.</returns>
    public static int Describe(LibC.IoVector* vectors, FlashRead read, int done)
    {
        FrameArena arena = read.Arena;
        int stride = arena.StrideBytes;
        int within = done % stride;
        int vectorCount = 0;
        byte* end = null;
        foreach (int frame in read.Frames[(done / stride)..])
        {
            byte* start = arena.TargetPointer(frame) + within;
            int length = stride - within;
            if (start == end)
                vectors[vectorCount - 1].Length += (nuint)length;
            else if (vectorCount == LibC.IovMax)
                break;
            else
                vectors[vectorCount++] = new LibC.IoVector { Base = start, Length = (nuint)length };

            end = start + length;
            within = 0;
        }

        return vectorCount;
    }
}
