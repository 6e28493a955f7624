using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Neuralink.Kernels;

/// <summary>binary16 weights, widened by the arithmetic of <see cref="HalfBits"/>.</summary>
internal readonly struct F16Codec : IWeightCodec
{
    private const ushort ExponentMask = 0x7C00;

    public static int WeightBytes => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(ref readonly byte source)
        where TLanes : struct, ILanes<TLanes>
        => TLanes.LoadF16(in Unsafe.As<byte, short>(ref Unsafe.AsRef(in source)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Decode(ref readonly byte source) => HalfBits.Widen(Unsafe.ReadUnaligned<short>(in source));

    public static void Encode(ReadOnlySpan<float> x, Span<byte> row)
        => TensorPrimitives.ConvertToHalf(x, MemoryMarshal.Cast<byte, Half>(row));

    public static bool AllFinite(ReadOnlySpan<byte> row)
        => !ExponentScan.AnyHasAllBits(MemoryMarshal.Cast<byte, ushort>(row), ExponentMask);
}
