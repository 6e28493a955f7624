using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Neuralink.Kernels;

/// <summary>Sixty-four bytes in one 512-bit register, by AVX-512BW where there is one.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly struct SketchLanes512 : ISketchLanes<SketchLanes512>
{
    private readonly Vector512<byte> _v;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private SketchLanes512(Vector512<byte> v) => _v = v;

    public static SketchLanes512 Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector512<byte>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SketchLanes512 Load(ref readonly byte source) => new(Vector512.LoadUnsafe(in source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SketchLanes512 Field(SketchLanes512 value, int shift, byte mask)
        => new((value._v.AsUInt16() >>> shift).AsByte() & Vector512.Create(mask));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SketchLanes512 Or(SketchLanes512 left, SketchLanes512 right) => new(left._v | right._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SketchLanes512 Multiply(SketchLanes512 weights, ref readonly sbyte x)
    {
        Vector512<sbyte> values = Vector512.LoadUnsafe(in x);
        if (Avx512BW.IsSupported)
            return new(Avx512BW.MultiplyAddAdjacent(weights._v, values).AsByte());

        (Vector512<ushort> low, Vector512<ushort> high) = Vector512.Widen(weights._v);
        (Vector512<short> xLow, Vector512<short> xHigh) = Vector512.Widen(values);
        return new(((low.AsInt16() * xLow) + (high.AsInt16() * xHigh)).AsByte());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SketchLanes512 AddInt16(SketchLanes512 left, SketchLanes512 right) =>
        new((left._v.AsInt16() + right._v.AsInt16()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SketchLanes512 AddWidened(SketchLanes512 sums, SketchLanes512 products)
    {
        Vector512<short> terms = products._v.AsInt16();
        if (Avx512BW.IsSupported)
            return new((sums._v.AsInt32() + Avx512BW.MultiplyAddAdjacent(terms, Vector512<short>.One)).AsByte());

        (Vector512<int> low, Vector512<int> high) = Vector512.Widen(terms);
        return new((sums._v.AsInt32() + low + high).AsByte());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Sum(SketchLanes512 sums) => Vector512.Sum(sums._v.AsInt32());
}
