using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Neuralink.Kernels;

/// <summary>binary32 weights, as they are.</summary>
internal readonly struct F32Codec : IWeightCodec
{
    private const uint ExponentMask = 0x7F80_0000;

    public static int WeightBytes => sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(ref readonly byte source)
        where TLanes : struct, ILanes<TLanes>
        => TLanes.Load(in Unsafe.As<byte, float>(ref Unsafe.AsRef(in source)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Decode(ref readonly byte source) => Unsafe.ReadUnaligned<float>(in source);

    public static void Encode(ReadOnlySpan<float> x, Span<byte> row) => MemoryMarshal.AsBytes(x).CopyTo(row);

    public static bool AllFinite(ReadOnlySpan<byte> row)
        => !ExponentScan.AnyHasAllBits(MemoryMarshal.Cast<byte, uint>(row), ExponentMask);
}
