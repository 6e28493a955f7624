using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Neuralink.Kernels;

/// <summary>
/// Sixteen lanes in four 128-bit registers. Also the fallback where nothing is accelerated: <see cref="Vector128"/> then computes
/// element by element in software, with the same bits.
/// </summary>
internal readonly struct Lanes128 : ILanes<Lanes128>
{
    private readonly Vector128<float> _v0;
    private readonly Vector128<float> _v1;
    private readonly Vector128<float> _v2;
    private readonly Vector128<float> _v3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Lanes128(Vector128<float> v0, Vector128<float> v1, Vector128<float> v2, Vector128<float> v3)
    {
        _v0 = v0;
        _v1 = v1;
        _v2 = v2;
        _v3 = v3;
    }

    public static bool HoldsWideTiles => false;

    public static Lanes128 Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Broadcast(0f);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Broadcast(float value)
    {
        Vector128<float> v = Vector128.Create(value);
        return new(v, v, v, v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Load(ref readonly float source)
        => new(
            Vector128.LoadUnsafe(in source),
            Vector128.LoadUnsafe(in source, 4),
            Vector128.LoadUnsafe(in source, 8),
            Vector128.LoadUnsafe(in source, 12));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 LoadF16(ref readonly short source)
    {
        Vector128<short> low = Vector128.LoadUnsafe(in source);
        Vector128<short> high = Vector128.LoadUnsafe(in source, 8);
        return new(
            Widen(Vector128.WidenLower(low)),
            Widen(Vector128.WidenUpper(low)),
            Widen(Vector128.WidenLower(high)),
            Widen(Vector128.WidenUpper(high)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 LoadF16BySubnormals(ref readonly short source)
    {
        Vector128<short> low = Vector128.LoadUnsafe(in source);
        Vector128<short> high = Vector128.LoadUnsafe(in source, 8);
        return new(
            Multiply(Vector128.WidenLower(low)),
            Multiply(Vector128.WidenUpper(low)),
            Multiply(Vector128.WidenLower(high)),
            Multiply(Vector128.WidenUpper(high)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 LoadBF16(ref readonly ushort source)
    {
        Vector128<ushort> low = Vector128.LoadUnsafe(in source);
        Vector128<ushort> high = Vector128.LoadUnsafe(in source, 8);
        return new(
            (Vector128.WidenLower(low) << 16).AsSingle(),
            (Vector128.WidenUpper(low) << 16).AsSingle(),
            (Vector128.WidenLower(high) << 16).AsSingle(),
            (Vector128.WidenUpper(high) << 16).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 LoadInt8(ref readonly sbyte source) => Widen(Vector128.LoadUnsafe(in source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadNibbles(ref readonly byte source, out Lanes128 low, out Lanes128 high)
    {
        Nibbles(in source, out Vector128<sbyte> lower, out Vector128<sbyte> upper);
        (low, high) = (Widen(lower), Widen(upper));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes128 value, ref float destination)
    {
        value._v0.StoreUnsafe(ref destination);
        value._v1.StoreUnsafe(ref destination, 4);
        value._v2.StoreUnsafe(ref destination, 8);
        value._v3.StoreUnsafe(ref destination, 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Add(Lanes128 left, Lanes128 right)
        => new(left._v0 + right._v0, left._v1 + right._v1, left._v2 + right._v2, left._v3 + right._v3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 FusedMultiplyAdd(Lanes128 left, Lanes128 right, Lanes128 addend)
        => new(
            Vector128.FusedMultiplyAdd(left._v0, right._v0, addend._v0),
            Vector128.FusedMultiplyAdd(left._v1, right._v1, addend._v1),
            Vector128.FusedMultiplyAdd(left._v2, right._v2, addend._v2),
            Vector128.FusedMultiplyAdd(left._v3, right._v3, addend._v3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes128 value) => Fold((value._v0 + value._v2) + (value._v1 + value._v3));

    /// <summary>The lower and the upper four bits of each of 16 bytes, less 8.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Nibbles(ref readonly byte source, out Vector128<sbyte> low, out Vector128<sbyte> high)
    {
        Vector128<byte> both = Vector128.LoadUnsafe(in source), mask = Vector128.Create((byte)15);
        low = (both & mask).AsSByte() - Vector128.Create((sbyte)8);
        high = ((both.AsUInt16() >>> 4).AsByte() & mask).AsSByte() - Vector128.Create((sbyte)8);
    }

    /// <summary>The last two halvings: (lane 0 + lane 2) + (lane 1 + lane 3).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Fold(Vector128<float> four)
    {
        Vector128<float> two = four + Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1));
        return two.GetElement(0) + two.GetElement(1);
    }

    /// <summary>Four binary16, each in the lower half of a sign-extended lane (see <see cref="HalfBits"/>).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Widen(Vector128<int> bits)
    {
        Vector128<int> magnitude = (bits & Vector128.Create(HalfBits.Magnitude)) << HalfBits.Shift;
        Vector128<float> u = (magnitude + Vector128.Create(HalfBits.Bias)).AsSingle();
        Vector128<float> doubled = Vector128.FusedMultiplyAdd(u, Vector128.Create(2f), Vector128.Create(-HalfBits.SmallestNormal));
        Vector128<float> value = Vector128.MinNative(u, doubled);
        return (value.AsInt32() | (bits & Vector128.Create(int.MinValue))).AsSingle();
    }

    /// <summary>The same by one multiplication.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Multiply(Vector128<int> bits)
        => ((bits << HalfBits.Shift) & Vector128.Create(HalfBits.SignedMagnitude)).AsSingle() * Vector128.Create(HalfBits.Scale);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Lanes128 Widen(Vector128<sbyte> bytes)
    {
        (Vector128<short> low, Vector128<short> high) = Vector128.Widen(bytes);
        return new(
            Vector128.ConvertToSingle(Vector128.WidenLower(low)),
            Vector128.ConvertToSingle(Vector128.WidenUpper(low)),
            Vector128.ConvertToSingle(Vector128.WidenLower(high)),
            Vector128.ConvertToSingle(Vector128.WidenUpper(high)));
    }
}
