using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Neuralink.Kernels;

/// <summary>Sixty-four bytes in two 256-bit registers, by AVX2 where there is one.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly struct ByteLanes256 : IByteLanes<ByteLanes256>
{
    private readonly Vector256<byte> _low;
    private readonly Vector256<byte> _high;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ByteLanes256(Vector256<byte> low, Vector256<byte> high)
    {
        _low = low;
        _high = high;
    }

    public static ByteLanes256 Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector256<byte>.Zero, Vector256<byte>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes256 Load(ref readonly byte source) =>
        new(Vector256.LoadUnsafe(in source), Vector256.LoadUnsafe(in source, 32));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes256 Field(ByteLanes256 value, int shift, byte mask)
        => new(Field(value._low, shift, mask), Field(value._high, shift, mask));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes256 ShiftLeft(ByteLanes256 value, int shift)
        => new((value._low.AsUInt16() << shift).AsByte(), (value._high.AsUInt16() << shift).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes256 SubtractBytes(ByteLanes256 value, byte subtrahend)
        => new(value._low - Vector256.Create(subtrahend), value._high - Vector256.Create(subtrahend));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes256 Or(ByteLanes256 left, ByteLanes256 right) => new(left._low | right._low, left._high | right._high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes256 Multiply(ByteLanes256 weights, ref readonly sbyte x)
        => new(Multiply(weights._low, Vector256.LoadUnsafe(in x)), Multiply(weights._high, Vector256.LoadUnsafe(in x, 32)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes256 AddInt16(ByteLanes256 left, ByteLanes256 right)
        => new((left._low.AsInt16() + right._low.AsInt16()).AsByte(), (left._high.AsInt16() + right._high.AsInt16()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes256 AddWidened(ByteLanes256 sums, ByteLanes256 products)
        => new(AddWidened(sums._low, products._low.AsInt16()), AddWidened(sums._high, products._high.AsInt16()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Sum(ByteLanes256 sums) => Vector256.Sum(sums._low.AsInt32() + sums._high.AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes256 AddFours(ByteLanes256 sums, ByteLanes256 weights, ref readonly sbyte x)
        => new(
            AddFours(sums._low, weights._low, Vector256.LoadUnsafe(in x)),
            AddFours(sums._high, weights._high, Vector256.LoadUnsafe(in x, 32)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> FoldFours(ByteLanes256 sums)
    {
        if (!AvxVnni.IsSupported && Avx2.IsSupported)
            return Avx2.MultiplyAddAdjacent(sums._low.AsInt16() + sums._high.AsInt16(), Vector256<short>.One);
        if (AvxVnni.IsSupported)
            return FoldInt32(sums);

        return Vector256.Create(
            ByteLanes128.FoldFours(sums._low.GetLower(), sums._high.GetLower()),
            ByteLanes128.FoldFours(sums._low.GetUpper(), sums._high.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes256 AddSignedFours(ByteLanes256 sums, ByteLanes256 weights, ref readonly sbyte x)
        => new(
            AddSignedFours(sums._low, weights._low.AsSByte(), Vector256.LoadUnsafe(in x)),
            AddSignedFours(sums._high, weights._high.AsSByte(), Vector256.LoadUnsafe(in x, 32)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> FoldInt32(ByteLanes256 sums) => sums._low.AsInt32() + sums._high.AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> AddFours(Vector256<byte> sums, Vector256<byte> weights, Vector256<sbyte> x)
    {
        if (AvxVnni.IsSupported)
            return AvxVnni.MultiplyWideningAndAdd(sums.AsInt32(), weights, x).AsByte();
        if (Avx2.IsSupported)
            return (sums.AsInt16() + Avx2.MultiplyAddAdjacent(weights, x)).AsByte();

        return Vector256.Create(
            ByteLanes128.AddFours(sums.GetLower(), weights.GetLower(), x.GetLower()),
            ByteLanes128.AddFours(sums.GetUpper(), weights.GetUpper(), x.GetUpper()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> AddSignedFours(Vector256<byte> sums, Vector256<sbyte> weights, Vector256<sbyte> x)
    {
        // A pair of products |w| (x with the sign of w) is at most 2 * 128 * 127: it fits an int16.
        if (AvxVnni.IsSupported)
            return AvxVnni.MultiplyWideningAndAdd(sums.AsInt32(), Avx2.Abs(weights), Avx2.Sign(x, weights)).AsByte();
        if (Avx2.IsSupported)
        {
            Vector256<short> pairs = Avx2.MultiplyAddAdjacent(Avx2.Abs(weights), Avx2.Sign(x, weights));
            return (sums.AsInt32() + Avx2.MultiplyAddAdjacent(pairs, Vector256<short>.One)).AsByte();
        }

        return Vector256.Create(
            ByteLanes128.AddSignedFours(sums.GetLower(), weights.GetLower(), x.GetLower()),
            ByteLanes128.AddSignedFours(sums.GetUpper(), weights.GetUpper(), x.GetUpper()));
    }

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
