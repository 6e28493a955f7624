using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Neuralink.Kernels;

/// <summary>
/// Prefetching of what a loop reads next. A row ends after a few KiB, and the next one lies elsewhere: without a hint, every row begins
/// by waiting for memory, because the processor's own prefetchers stop at the row's page.
/// </summary>
internal static class Prefetch
{
    /// <summary>Bytes of a cache line.</summary>
    public const int LineBytes = 64;

    /// <summary>
    /// Asks for the cache line at <paramref name="origin"/> + <paramref name="offset"/>, where the instruction set can. Never faults,
    /// whatever lies there, so a loop may ask past the end of what it reads.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Line(ref readonly byte origin, nint offset)
    {
        if (Sse.IsSupported)
            Sse.Prefetch1((byte*)Unsafe.AsPointer(ref Unsafe.AsRef(in origin)) + offset);
    }

    /// <summary>
    /// Asks for the cache lines of 32 weights of <paramref name="origin"/>, from number <paramref name="first"/> on: one line of 16-bit
    /// weights, two of 32-bit ones.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Weights<TCodec>(ref readonly byte origin, int first)
        where TCodec : struct, IWeightCodec
    {
        nint offset = (nint)first * TCodec.WeightBytes;
        Line(in origin, offset);
        if (32 * TCodec.WeightBytes > LineBytes)
            Line(in origin, offset + LineBytes);
    }
}
