using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Neuralink.Kernels;

/// <summary>Sixty-four bytes in four 128-bit registers, by operations that every instruction set has.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly struct SketchLanes128 : ISketchLanes<SketchLanes128>
{
    private readonly Vector128<byte> _v0;
    private readonly Vector128<byte> _v1;
    private readonly Vector128<byte> _v2;
    private readonly Vector128<byte> _v3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private SketchLanes128(Vector128<byte> v0, Vector128<byte> v1, Vector128<byte> v2, Vector128<byte> v3)
    {
        _v0 = v0;
        _v1 = v1;
        _v2 = v2;
        _v3 = v3;
    }

    public static SketchLanes128 Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector128<byte>.Zero, Vector128<byte>.Zero, Vector128<byte>.Zero, Vector128<byte>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SketchLanes128 Load(ref readonly byte source)
        => new(
            Vector128.LoadUnsafe(in source),
            Vector128.LoadUnsafe(in source, 16),
            Vector128.LoadUnsafe(in source, 32),
            Vector128.LoadUnsafe(in source, 48));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SketchLanes128 Field(SketchLanes128 value, int shift, byte mask)
        => new(
            Field(value._v0, shift, mask),
            Field(value._v1, shift, mask),
            Field(value._v2, shift, mask),
            Field(value._v3, shift, mask));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SketchLanes128 Or(SketchLanes128 left, SketchLanes128 right)
        => new(left._v0 | right._v0, left._v1 | right._v1, left._v2 | right._v2, left._v3 | right._v3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SketchLanes128 Multiply(SketchLanes128 weights, ref readonly sbyte x)
        => new(
            Multiply(weights._v0, Vector128.LoadUnsafe(in x)),
            Multiply(weights._v1, Vector128.LoadUnsafe(in x, 16)),
            Multiply(weights._v2, Vector128.LoadUnsafe(in x, 32)),
            Multiply(weights._v3, Vector128.LoadUnsafe(in x, 48)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SketchLanes128 AddInt16(SketchLanes128 left, SketchLanes128 right)
        => new(
            (left._v0.AsInt16() + right._v0.AsInt16()).AsByte(),
            (left._v1.AsInt16() + right._v1.AsInt16()).AsByte(),
            (left._v2.AsInt16() + right._v2.AsInt16()).AsByte(),
            (left._v3.AsInt16() + right._v3.AsInt16()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SketchLanes128 AddWidened(SketchLanes128 sums, SketchLanes128 products)
        => new(
            AddWidened(sums._v0, products._v0.AsInt16()),
            AddWidened(sums._v1, products._v1.AsInt16()),
            AddWidened(sums._v2, products._v2.AsInt16()),
            AddWidened(sums._v3, products._v3.AsInt16()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Sum(SketchLanes128 sums)
        => Vector128.Sum((sums._v0.AsInt32() + sums._v1.AsInt32()) + (sums._v2.AsInt32() + sums._v3.AsInt32()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Field(Vector128<byte> value, int shift, byte mask)
        => (value.AsUInt16() >>> shift).AsByte() & Vector128.Create(mask);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Multiply(Vector128<byte> weights, Vector128<sbyte> x)
    {
        Vector128<short> low = Vector128.WidenLower(weights).AsInt16() * Vector128.WidenLower(x);
        Vector128<short> high = Vector128.WidenUpper(weights).AsInt16() * Vector128.WidenUpper(x);
        return (low + high).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> AddWidened(Vector128<byte> sums, Vector128<short> terms)
        => (sums.AsInt32() + Vector128.WidenLower(terms) + Vector128.WidenUpper(terms)).AsByte();
}
