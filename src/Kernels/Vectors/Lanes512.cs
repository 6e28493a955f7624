using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Neuralink.Kernels;

/// <summary>Sixteen lanes in one 512-bit register.</summary>
internal readonly struct Lanes512 : ILanes<Lanes512>
{
    private readonly Vector512<float> _v;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Lanes512(Vector512<float> v) => _v = v;

    public static bool HoldsWideTiles => true;

    public static Lanes512 Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector512<float>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Broadcast(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Load(ref readonly float source) => new(Vector512.LoadUnsafe(in source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 LoadF16(ref readonly short source)
    {
        Vector512<int> bits = LoadSigned(in source);
        Vector512<int> magnitude = (bits & Vector512.Create(HalfBits.Magnitude)) << HalfBits.Shift;
        Vector512<float> u = (magnitude + Vector512.Create(HalfBits.Bias)).AsSingle();
        Vector512<float> doubled = Vector512.FusedMultiplyAdd(u, Vector512.Create(2f), Vector512.Create(-HalfBits.SmallestNormal));
        Vector512<float> value = Vector512.MinNative(u, doubled);
        return new((value.AsInt32() | (bits & Vector512.Create(int.MinValue))).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 LoadF16BySubnormals(ref readonly short source)
    {
        Vector512<int> magnitude = (LoadSigned(in source) << HalfBits.Shift) & Vector512.Create(HalfBits.SignedMagnitude);
        return new(magnitude.AsSingle() * Vector512.Create(HalfBits.Scale));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 LoadBF16(ref readonly ushort source)
        => new((LoadSigned(in Unsafe.As<ushort, short>(ref Unsafe.AsRef(in source))) << 16).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 LoadInt8(ref readonly sbyte source) => Widen(Vector128.LoadUnsafe(in source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadNibbles(ref readonly byte source, out Lanes512 low, out Lanes512 high)
    {
        Lanes128.Nibbles(in source, out Vector128<sbyte> lower, out Vector128<sbyte> upper);
        (low, high) = (Widen(lower), Widen(upper));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes512 value, ref float destination) => value._v.StoreUnsafe(ref destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Add(Lanes512 left, Lanes512 right) => new(left._v + right._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 FusedMultiplyAdd(Lanes512 left, Lanes512 right, Lanes512 addend)
        => new(Vector512.FusedMultiplyAdd(left._v, right._v, addend._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes512 value)
    {
        Vector256<float> eight = value._v.GetLower() + value._v.GetUpper();
        return Lanes128.Fold(eight.GetLower() + eight.GetUpper());
    }

    /// <summary>Sixteen 16-bit values, sign-extended, straight from memory where the instruction set can.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> LoadSigned(ref readonly short source)
    {
        Vector256<short> loaded = Vector256.LoadUnsafe(in source);
        return Avx512F.IsSupported ? Avx512F.ConvertToVector512Int32(loaded) : Vector512.WidenLower(loaded.ToVector512Unsafe());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Lanes512 Widen(Vector128<sbyte> bytes)
    {
        if (Avx512F.IsSupported)
            return new(Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(bytes)));

        (Vector128<short> low, Vector128<short> high) = Vector128.Widen(bytes);
        return new(Vector512.ConvertToSingle(Vector512.Create(
            Vector256.Create(Vector128.WidenLower(low), Vector128.WidenUpper(low)),
            Vector256.Create(Vector128.WidenLower(high), Vector128.WidenUpper(high)))));
    }
}
