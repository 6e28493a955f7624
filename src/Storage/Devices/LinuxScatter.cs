using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using Neuralink.Storage.Memory;

namespace Neuralink.Storage.Devices;

/// <summary>Scatter reads by preadv: one system call for an extent, however many frames it goes to.</summary>
[SupportedOSPlatform("linux")]
internal static unsafe class LinuxScatter
{
    /// <summary>Reads until every frame is full or the file ends.</summary>
    /// <returns>The bytes that arrived.</returns>
    /// <exception cref="IOException">The system reports an error; its HResult is the errno.</exception>
    public static int Read(SafeFileHandle file, FlashRead read, int alignmentBytes)
    {
        LibC.IoVector* vectors = stackalloc LibC.IoVector[Math.Min(read.SegmentCount, LibC.IovMax)];
        int done = 0;
        while (done < read.LengthBytes)
        {
            int vectorCount = Describe(vectors, read, done);
            nint count = LibC.Preadv(file, vectors, vectorCount, read.OffsetBytes + done);
            if (count < 0)
            {
                int errno = Marshal.GetLastPInvokeError();
                if (errno == LibC.Eintr)
                    continue;
                throw LibC.Failure(errno);
            }

            done += (int)count;
            if (IsLast((int)count, done, alignmentBytes))
                break;
        }

        return done;
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
