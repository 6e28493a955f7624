using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Neuralink.Kernels;

/// <summary>Sixty-four bytes in one 512-bit register, by AVX-512BW where there is one.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly struct ByteLanes512 : IByteLanes<ByteLanes512>
{
    private readonly Vector512<byte> _v;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ByteLanes512(Vector512<byte> v) => _v = v;

    public static ByteLanes512 Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector512<byte>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes512 Load(ref readonly byte source) => new(Vector512.LoadUnsafe(in source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes512 Field(ByteLanes512 value, int shift, byte mask)
        => new((value._v.AsUInt16() >>> shift).AsByte() & Vector512.Create(mask));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes512 ShiftLeft(ByteLanes512 value, int shift)
        => new((value._v.AsUInt16() << shift).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes512 SubtractBytes(ByteLanes512 value, byte subtrahend)
        => new(value._v - Vector512.Create(subtrahend));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes512 Or(ByteLanes512 left, ByteLanes512 right) => new(left._v | right._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes512 Multiply(ByteLanes512 weights, ref readonly sbyte x)
    {
        Vector512<sbyte> values = Vector512.LoadUnsafe(in x);
        if (Avx512BW.IsSupported)
            return new(Avx512BW.MultiplyAddAdjacent(weights._v, values).AsByte());

        (Vector512<ushort> low, Vector512<ushort> high) = Vector512.Widen(weights._v);
        (Vector512<short> xLow, Vector512<short> xHigh) = Vector512.Widen(values);
        return new(((low.AsInt16() * xLow) + (high.AsInt16() * xHigh)).AsByte());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes512 AddInt16(ByteLanes512 left, ByteLanes512 right) =>
        new((left._v.AsInt16() + right._v.AsInt16()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes512 AddWidened(ByteLanes512 sums, ByteLanes512 products)
    {
        Vector512<short> terms = products._v.AsInt16();
        if (Avx512BW.IsSupported)
            return new((sums._v.AsInt32() + Avx512BW.MultiplyAddAdjacent(terms, Vector512<short>.One)).AsByte());

        (Vector512<int> low, Vector512<int> high) = Vector512.Widen(terms);
        return new((sums._v.AsInt32() + low + high).AsByte());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Sum(ByteLanes512 sums) => Vector512.Sum(sums._v.AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes512 AddFours(ByteLanes512 sums, ByteLanes512 weights, ref readonly sbyte x)
    {
        Vector512<sbyte> values = Vector512.LoadUnsafe(in x);
        if (Avx512BW.IsSupported)
            return new((sums._v.AsInt16() + Avx512BW.MultiplyAddAdjacent(weights._v, values)).AsByte());

        return new(Vector512.Create(
            Vector256.Create(
                ByteLanes128.AddFours(Part(sums, 0), Part(weights, 0), Part(values, 0)),
                ByteLanes128.AddFours(Part(sums, 1), Part(weights, 1), Part(values, 1))),
            Vector256.Create(
                ByteLanes128.AddFours(Part(sums, 2), Part(weights, 2), Part(values, 2)),
                ByteLanes128.AddFours(Part(sums, 3), Part(weights, 3), Part(values, 3)))));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> FoldFours(ByteLanes512 sums)
    {
        if (Avx512BW.IsSupported)
        {
            return Avx2.MultiplyAddAdjacent(
                sums._v.AsInt16().GetLower() + sums._v.AsInt16().GetUpper(), Vector256<short>.One);
        }

        return Vector256.Create(
            ByteLanes128.FoldFours(Part(sums, 0), Part(sums, 2)), ByteLanes128.FoldFours(Part(sums, 1), Part(sums, 3)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes512 AddSignedFours(ByteLanes512 sums, ByteLanes512 weights, ref readonly sbyte x)
    {
        // A pair of products |w| (x with the sign of w) is at most 2 * 128 * 127: it fits an int16.
        Vector512<sbyte> values = Vector512.LoadUnsafe(in x), signed = weights._v.AsSByte();
        if (Avx512BW.IsSupported)
        {
            Vector512<sbyte> turned = Vector512.ConditionalSelect(Vector512.LessThan(signed, Vector512<sbyte>.Zero), -values, values);
            Vector512<short> pairs = Avx512BW.MultiplyAddAdjacent(Avx512BW.Abs(signed), turned);
            return new((sums._v.AsInt32() + Avx512BW.MultiplyAddAdjacent(pairs, Vector512<short>.One)).AsByte());
        }

        return new(Vector512.Create(
            Vector256.Create(
                ByteLanes128.AddSignedFours(Part(sums, 0), Part(weights, 0).AsSByte(), Part(values, 0)),
                ByteLanes128.AddSignedFours(Part(sums, 1), Part(weights, 1).AsSByte(), Part(values, 1))),
            Vector256.Create(
                ByteLanes128.AddSignedFours(Part(sums, 2), Part(weights, 2).AsSByte(), Part(values, 2)),
                ByteLanes128.AddSignedFours(Part(sums, 3), Part(weights, 3).AsSByte(), Part(values, 3)))));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> FoldInt32(ByteLanes512 sums) => sums._v.AsInt32().GetLower() + sums._v.AsInt32().GetUpper();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Part(ByteLanes512 value, int index) => Part(value._v.AsSByte(), index).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<sbyte> Part(Vector512<sbyte> value, int index)
    {
        Vector256<sbyte> half = index < 2 ? value.GetLower() : value.GetUpper();
        return index % 2 == 0 ? half.GetLower() : half.GetUpper();
    }
}
