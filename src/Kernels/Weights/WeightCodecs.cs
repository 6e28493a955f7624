using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Neuralink.Kernels;

/// <summary>How a weight format is read and written. One struct a format; the loops are generic over it.</summary>
internal interface IWeightCodec
{
    /// <summary>Bytes of one weight.</summary>
    public static abstract int WeightBytes { get; }

    /// <summary>Loads and widens 16 weights, exactly.</summary>
    public static abstract TLanes Load<TLanes>(ref readonly byte source)
        where TLanes : struct, ILanes<TLanes>;

    /// <summary>Widens one weight, exactly.</summary>
    public static abstract float Decode(ref readonly byte source);

    /// <summary>Rounds <paramref name="x"/> to nearest, ties to even, into <paramref name="row"/> (WeightBytes * x.Length bytes).</summary>
    public static abstract void Encode(ReadOnlySpan<float> x, Span<byte> row);

    /// <summary>Whether no weight of the row is infinite or NaN.</summary>
    public static abstract bool AllFinite(ReadOnlySpan<byte> row);
}

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

/// <summary>The same weights with the same values, widened by a multiplication of subnormal numbers.</summary>
internal readonly struct F16BySubnormalsCodec : IWeightCodec
{
    public static int WeightBytes => F16Codec.WeightBytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(ref readonly byte source)
        where TLanes : struct, ILanes<TLanes>
        => TLanes.LoadF16BySubnormals(in Unsafe.As<byte, short>(ref Unsafe.AsRef(in source)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Decode(ref readonly byte source) => F16Codec.Decode(in source);

    public static void Encode(ReadOnlySpan<float> x, Span<byte> row) => F16Codec.Encode(x, row);

    public static bool AllFinite(ReadOnlySpan<byte> row) => F16Codec.AllFinite(row);
}

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
