using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Neuralink.Kernels;

/// <summary>Sixty-four bytes in two 256-bit registers, by AVX2 where there is one.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly struct SketchLanes256 : ISketchLanes<SketchLanes256>
{
    private readonly Vector256<byte> _low;
    private readonly Vector256<byte> _high;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private SketchLanes256(Vector256<byte> low, Vector256<byte> high)
    {
        _low = low;
        _high = high;
    }

    public static SketchLanes256 Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector256<byte>.Zero, Vector256<byte>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SketchLanes256 Load(ref readonly byte source) =>
        new(Vector256.LoadUnsafe(in source), Vector256.LoadUnsafe(in source, 32));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SketchLanes256 Field(SketchLanes256 value, int shift, byte mask)
        => new(Field(value._low, shift, mask), Field(value._high, shift, mask));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SketchLanes256 Or(SketchLanes256 left, SketchLanes256 right) => new(left._low | right._low, left._high | right._high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SketchLanes256 Multiply(SketchLanes256 weights, ref readonly sbyte x)
        => new(Multiply(weights._low, Vector256.LoadUnsafe(in x)), Multiply(weights._high, Vector256.LoadUnsafe(in x, 32)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SketchLanes256 AddInt16(SketchLanes256 left, SketchLanes256 right)
        => new((left._low.AsInt16() + right._low.AsInt16()).AsByte(), (left._high.AsInt16() + right._high.AsInt16()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SketchLanes256 AddWidened(SketchLanes256 sums, SketchLanes256 products)
        => new(AddWidened(sums._low, products._low.AsInt16()), AddWidened(sums._high, products._high.AsInt16()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Sum(SketchLanes256 sums) => Vector256.Sum(sums._low.AsInt32() + sums._high.AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Field(Vector256<byte> value, int shift, byte mask)
        => (value.AsUInt16() >>> shift).AsByte() & Vector256.Create(mask);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Multiply(Vector256<byte> weights, Vector256<sbyte> x)
    {
        if (Avx2.IsSupported)
            return Avx2.MultiplyAddAdjacent(weights, x).AsByte();

        (Vector256<ushort> low, Vector256<ushort> high) = Vector256.Widen(weights);
        (Vector256<short> xLow, Vector256<short> xHigh) = Vector256.Widen(x);
        return ((low.AsInt16() * xLow) + (high.AsInt16() * xHigh)).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> AddWidened(Vector256<byte> sums, Vector256<short> terms)
    {
        if (Avx2.IsSupported)
            return (sums.AsInt32() + Avx2.MultiplyAddAdjacent(terms, Vector256<short>.One)).AsByte();

        (Vector256<int> low, Vector256<int> high) = Vector256.Widen(terms);
        return (sums.AsInt32() + low + high).AsByte();
    }
}
