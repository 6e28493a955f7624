using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Neuralink.Kernels;

/// <summary>bfloat16 weights: the upper 16 bits of a binary32, so widening is a shift.</summary>
internal readonly struct BF16Codec : IWeightCodec
{
    private const ushort ExponentMask = 0x7F80;
    private const uint QuietNaN = 0x0040_0000;

    public static int WeightBytes => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(ref readonly byte source)
        where TLanes : struct, ILanes<TLanes>
        => TLanes.LoadBF16(in Unsafe.As<byte, ushort>(ref Unsafe.AsRef(in source)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Decode(ref readonly byte source)
        => BitConverter.UInt32BitsToSingle((uint)Unsafe.ReadUnaligned<ushort>(in source) << 16);

    public static void Encode(ReadOnlySpan<float> x, Span<byte> row)
    {
        Span<ushort> destination = MemoryMarshal.Cast<byte, ushort>(row);
        for (int i = 0; i < x.Length; i++)
            destination[i] = Round(x[i]);
    }

    public static bool AllFinite(ReadOnlySpan<byte> row)
        => !ExponentScan.AnyHasAllBits(MemoryMarshal.Cast<byte, ushort>(row), ExponentMask);

    private static ushort Round(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);

        // Rounding a NaN's mantissa could carry into the exponent and make it zero or an infinity.
        uint rounded = float.IsNaN(value) ? bits | QuietNaN : bits + 0x7FFF + ((bits >> 16) & 1);
        return (ushort)(rounded >> 16);
    }
}
