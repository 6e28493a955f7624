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
    public static ByteLanes512 DotFours(ByteLanes512 weights, ref readonly sbyte x)
        => new(DotFours(weights._v, Vector512.LoadUnsafe(in x)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes512 DotSignedFours(ByteLanes512 weights, ref readonly sbyte x)
    {
        // A pair of products |w| (x with the sign of w) is at most 2 * 128 * 127: it fits an int16.
        Vector512<sbyte> values = Vector512.LoadUnsafe(in x), signed = weights._v.AsSByte();
        Vector512<sbyte> turned = Vector512.ConditionalSelect(Vector512.LessThan(signed, Vector512<sbyte>.Zero), -values, values);
        if (Avx512BW.IsSupported)
            return new(DotFours(Avx512BW.Abs(signed), turned));

        return new(Vector512.Create(
            Vector256.Create(
                ByteLanes128.DotSignedFours(signed.GetLower().GetLower(), values.GetLower().GetLower()),
                ByteLanes128.DotSignedFours(signed.GetLower().GetUpper(), values.GetLower().GetUpper())),
            Vector256.Create(
                ByteLanes128.DotSignedFours(signed.GetUpper().GetLower(), values.GetUpper().GetLower()),
                ByteLanes128.DotSignedFours(signed.GetUpper().GetUpper(), values.GetUpper().GetUpper()))).AsByte());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes512 AddScaledEights(ByteLanes512 sums, ByteLanes512 dots, ref readonly float scales)
        => AddScaled(
            sums, dots,
            Vector512.Create(Vector256.Create(scales), Vector256.Create(Unsafe.Add(ref Unsafe.AsRef(in scales), 1))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes512 AddScaledFours(ByteLanes512 sums, ByteLanes512 dots, ref readonly float scales)
    {
        ref float four = ref Unsafe.AsRef(in scales);
        return AddScaled(
            sums, dots,
            Vector512.Create(
                Vector256.Create(Vector128.Create(four), Vector128.Create(Unsafe.Add(ref four, 1))),
                Vector256.Create(Vector128.Create(Unsafe.Add(ref four, 2)), Vector128.Create(Unsafe.Add(ref four, 3)))));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SumFloats(ByteLanes512 sums)
    {
        Vector256<float> eight = sums._v.AsSingle().GetLower() + sums._v.AsSingle().GetUpper();
        return Lanes128.Fold(eight.GetLower() + eight.GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ByteLanes512 AddScaled(ByteLanes512 sums, ByteLanes512 dots, Vector512<float> scale)
        => new(Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(dots._v.AsInt32()), scale, sums._v.AsSingle()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> DotFours(Vector512<byte> weights, Vector512<sbyte> x)
    {
        if (Avx512BW.IsSupported)
            return Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(weights, x), Vector512<short>.One).AsByte();

        return Vector512.Create(
            Vector256.Create(
                ByteLanes128.DotFours(weights.GetLower().GetLower(), x.GetLower().GetLower()),
                ByteLanes128.DotFours(weights.GetLower().GetUpper(), x.GetLower().GetUpper())),
            Vector256.Create(
                ByteLanes128.DotFours(weights.GetUpper().GetLower(), x.GetUpper().GetLower()),
                ByteLanes128.DotFours(weights.GetUpper().GetUpper(), x.GetUpper().GetUpper()))).AsByte();
    }
}
