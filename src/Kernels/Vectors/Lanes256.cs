using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Neuralink.Kernels;

/// <summary>Sixteen lanes in two 256-bit registers.</summary>
internal readonly struct Lanes256 : ILanes<Lanes256>
{
    private readonly Vector256<float> _low;
    private readonly Vector256<float> _high;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Lanes256(Vector256<float> low, Vector256<float> high)
    {
        _low = low;
        _high = high;
    }

    public static bool HoldsWideTiles => false;

    public static Lanes256 Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector256<float>.Zero, Vector256<float>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Broadcast(float value) => new(Vector256.Create(value), Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(ref readonly float source)
        => new(Vector256.LoadUnsafe(in source), Vector256.LoadUnsafe(in source, 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadF16(ref readonly short source)
        => new(Widen(Vector128.LoadUnsafe(in source)), Widen(Vector128.LoadUnsafe(in source, 8)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadBF16(ref readonly ushort source)
        => new(
            (Vector256.WidenLower(Vector128.LoadUnsafe(in source).ToVector256Unsafe()) << 16).AsSingle(),
            (Vector256.WidenLower(Vector128.LoadUnsafe(in source, 8).ToVector256Unsafe()) << 16).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes256 value, ref float destination)
    {
        value._low.StoreUnsafe(ref destination);
        value._high.StoreUnsafe(ref destination, 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Add(Lanes256 left, Lanes256 right) => new(left._low + right._low, left._high + right._high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 FusedMultiplyAdd(Lanes256 left, Lanes256 right, Lanes256 addend)
        => new(
            Vector256.FusedMultiplyAdd(left._low, right._low, addend._low),
            Vector256.FusedMultiplyAdd(left._high, right._high, addend._high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes256 value)
    {
        Vector256<float> eight = value._low + value._high;
        return Lanes128.Fold(eight.GetLower() + eight.GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Widen(Vector128<short> halves)
    {
        Vector256<int> wide = Vector256.WidenLower(halves.ToVector256Unsafe());
        return ((wide << HalfBits.Shift) & Vector256.Create(HalfBits.Mask)).AsSingle() * Vector256.Create(HalfBits.Scale);
    }
}
