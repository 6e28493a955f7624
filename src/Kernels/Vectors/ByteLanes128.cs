using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Neuralink.Kernels;

/// <summary>
/// Sixty-four bytes in four 128-bit registers, by operations that every instruction set has, and by dot products where it has those.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal readonly struct ByteLanes128 : IByteLanes<ByteLanes128>
{
    private readonly Vector128<byte> _v0;
    private readonly Vector128<byte> _v1;
    private readonly Vector128<byte> _v2;
    private readonly Vector128<byte> _v3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ByteLanes128(Vector128<byte> v0, Vector128<byte> v1, Vector128<byte> v2, Vector128<byte> v3)
    {
        _v0 = v0;
        _v1 = v1;
        _v2 = v2;
        _v3 = v3;
    }

    public static ByteLanes128 Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector128<byte>.Zero, Vector128<byte>.Zero, Vector128<byte>.Zero, Vector128<byte>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes128 Load(ref readonly byte source)
        => new(
            Vector128.LoadUnsafe(in source),
            Vector128.LoadUnsafe(in source, 16),
            Vector128.LoadUnsafe(in source, 32),
            Vector128.LoadUnsafe(in source, 48));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes128 Field(ByteLanes128 value, int shift, byte mask)
        => new(
            Field(value._v0, shift, mask),
            Field(value._v1, shift, mask),
            Field(value._v2, shift, mask),
            Field(value._v3, shift, mask));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes128 ShiftLeft(ByteLanes128 value, int shift)
        => new(
            (value._v0.AsUInt16() << shift).AsByte(),
            (value._v1.AsUInt16() << shift).AsByte(),
            (value._v2.AsUInt16() << shift).AsByte(),
            (value._v3.AsUInt16() << shift).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes128 SubtractBytes(ByteLanes128 value, byte subtrahend)
        => new(
            value._v0 - Vector128.Create(subtrahend),
            value._v1 - Vector128.Create(subtrahend),
            value._v2 - Vector128.Create(subtrahend),
            value._v3 - Vector128.Create(subtrahend));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes128 Or(ByteLanes128 left, ByteLanes128 right)
        => new(left._v0 | right._v0, left._v1 | right._v1, left._v2 | right._v2, left._v3 | right._v3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes128 Multiply(ByteLanes128 weights, ref readonly sbyte x)
        => new(
            Multiply(weights._v0, Vector128.LoadUnsafe(in x)),
            Multiply(weights._v1, Vector128.LoadUnsafe(in x, 16)),
            Multiply(weights._v2, Vector128.LoadUnsafe(in x, 32)),
            Multiply(weights._v3, Vector128.LoadUnsafe(in x, 48)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes128 AddInt16(ByteLanes128 left, ByteLanes128 right)
        => new(
            (left._v0.AsInt16() + right._v0.AsInt16()).AsByte(),
            (left._v1.AsInt16() + right._v1.AsInt16()).AsByte(),
            (left._v2.AsInt16() + right._v2.AsInt16()).AsByte(),
            (left._v3.AsInt16() + right._v3.AsInt16()).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes128 AddWidened(ByteLanes128 sums, ByteLanes128 products)
        => new(
            AddWidened(sums._v0, products._v0.AsInt16()),
            AddWidened(sums._v1, products._v1.AsInt16()),
            AddWidened(sums._v2, products._v2.AsInt16()),
            AddWidened(sums._v3, products._v3.AsInt16()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Sum(ByteLanes128 sums)
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes128 AddFours(ByteLanes128 sums, ByteLanes128 weights, ref readonly sbyte x)
        => new(
            AddFours(sums._v0, weights._v0, Vector128.LoadUnsafe(in x)),
            AddFours(sums._v1, weights._v1, Vector128.LoadUnsafe(in x, 16)),
            AddFours(sums._v2, weights._v2, Vector128.LoadUnsafe(in x, 32)),
            AddFours(sums._v3, weights._v3, Vector128.LoadUnsafe(in x, 48)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> FoldFours(ByteLanes128 sums)
        => Vector256.Create(FoldFours(sums._v0, sums._v2), FoldFours(sums._v1, sums._v3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ByteLanes128 AddSignedFours(ByteLanes128 sums, ByteLanes128 weights, ref readonly sbyte x)
        => new(
            AddSignedFours(sums._v0, weights._v0.AsSByte(), Vector128.LoadUnsafe(in x)),
            AddSignedFours(sums._v1, weights._v1.AsSByte(), Vector128.LoadUnsafe(in x, 16)),
            AddSignedFours(sums._v2, weights._v2.AsSByte(), Vector128.LoadUnsafe(in x, 32)),
            AddSignedFours(sums._v3, weights._v3.AsSByte(), Vector128.LoadUnsafe(in x, 48)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> FoldInt32(ByteLanes128 sums)
        => Vector256.Create(sums._v0.AsInt32() + sums._v2.AsInt32(), sums._v1.AsInt32() + sums._v3.AsInt32());

    /// <summary>Four lanes of <see cref="IByteLanes{TSelf}.AddFours"/>: eight int16 where there is pmaddubsw, else four int32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> AddFours(Vector128<byte> sums, Vector128<byte> weights, Vector128<sbyte> x)
    {
        if (Ssse3.IsSupported)
            return (sums.AsInt16() + Ssse3.MultiplyAddAdjacent(weights, x)).AsByte();

        return AddSignedFours(sums, weights.AsSByte(), x);
    }

    /// <summary>The sums of two such, as four int32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<int> FoldFours(Vector128<byte> left, Vector128<byte> right) => Ssse3.IsSupported
        ? Sse2.MultiplyAddAdjacent(left.AsInt16() + right.AsInt16(), Vector128<short>.One)
        : left.AsInt32() + right.AsInt32();

    /// <summary>Four int32 more: each the products of four signed weights and x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> AddSignedFours(Vector128<byte> sums, Vector128<sbyte> weights, Vector128<sbyte> x) => Dp.IsSupported
        ? Dp.DotProduct(sums.AsInt32(), weights, x).AsByte()
        : (sums.AsInt32() + DotSignedFours(weights, x)).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> DotSignedFours(Vector128<sbyte> weights, Vector128<sbyte> x)
    {
        if (Ssse3.IsSupported)
            return Sse2.MultiplyAddAdjacent(Ssse3.MultiplyAddAdjacent(Ssse3.Abs(weights), Ssse3.Sign(x, weights)), Vector128<short>.One);

        Vector128<int> low = AddPairs(Vector128.WidenLower(weights) * Vector128.WidenLower(x));
        Vector128<int> high = AddPairs(Vector128.WidenUpper(weights) * Vector128.WidenUpper(x));
        if (AdvSimd.Arm64.IsSupported)
            return AdvSimd.Arm64.AddPairwise(low, high);

        Vector128<int> even = Vector128.Create(0, 2, 0, 2), odd = Vector128.Create(1, 3, 1, 3);
        return Vector128.Create(
            (Vector128.Shuffle(low, even) + Vector128.Shuffle(low, odd)).GetLower(),
            (Vector128.Shuffle(high, even) + Vector128.Shuffle(high, odd)).GetLower());
    }

    /// <summary>Eight int16, added in pairs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> AddPairs(Vector128<short> products) =>
        ((products.AsInt32() << 16) >> 16) + (products.AsInt32() >> 16);
}
