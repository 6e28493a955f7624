using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Neuralink.Kernels;

/// <summary>
/// One register's part of the sixteen lanes of <see cref="ILanes{TSelf}"/>. Lanes do not depend on each other, so a product may compute
/// some of them in one pass over the columns and the others in the next: then a sum takes one register, and a tile holds more sums.
/// </summary>
/// <typeparam name="TSelf">The implementing type.</typeparam>
internal interface ILanePart<TSelf>
    where TSelf : struct, ILanePart<TSelf>
{
    /// <summary>Lanes of a part: a divisor of 16.</summary>
    public static abstract int Count { get; }

    /// <summary>Loads Count values; no alignment is needed.</summary>
    public static abstract TSelf Load(ref readonly float source);

    /// <summary>Stores Count values.</summary>
    public static abstract void Store(TSelf value, ref float destination);

    /// <summary>left * right + addend, rounded once, lane by lane.</summary>
    public static abstract TSelf FusedMultiplyAdd(TSelf left, TSelf right, TSelf addend);
}

/// <summary>A quarter of the lanes, in a register of 128 bits.</summary>
internal readonly struct LanePart128 : ILanePart<LanePart128>
{
    private readonly Vector128<float> _v;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private LanePart128(Vector128<float> v) => _v = v;

    public static int Count => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LanePart128 Load(ref readonly float source) => new(Vector128.LoadUnsafe(in source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(LanePart128 value, ref float destination) => value._v.StoreUnsafe(ref destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LanePart128 FusedMultiplyAdd(LanePart128 left, LanePart128 right, LanePart128 addend)
        => new(Vector128.FusedMultiplyAdd(left._v, right._v, addend._v));
}

/// <summary>Half of the lanes, in a register of 256 bits.</summary>
internal readonly struct LanePart256 : ILanePart<LanePart256>
{
    private readonly Vector256<float> _v;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private LanePart256(Vector256<float> v) => _v = v;

    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LanePart256 Load(ref readonly float source) => new(Vector256.LoadUnsafe(in source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(LanePart256 value, ref float destination) => value._v.StoreUnsafe(ref destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LanePart256 FusedMultiplyAdd(LanePart256 left, LanePart256 right, LanePart256 addend)
        => new(Vector256.FusedMultiplyAdd(left._v, right._v, addend._v));
}

/// <summary>
/// All lanes, in a register of 512 bits. By Avx512F where there is one: the runtime prefers narrower vectors on some processors that
/// have it (<see cref="Vector512.IsHardwareAccelerated"/> is false there), and these products gain from the wide ones.
/// </summary>
internal readonly struct LanePart512 : ILanePart<LanePart512>
{
    private readonly Vector512<float> _v;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private LanePart512(Vector512<float> v) => _v = v;

    public static int Count => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LanePart512 Load(ref readonly float source)
        => new(Unsafe.ReadUnaligned<Vector512<float>>(in Unsafe.As<float, byte>(ref Unsafe.AsRef(in source))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(LanePart512 value, ref float destination)
        => Unsafe.WriteUnaligned(ref Unsafe.As<float, byte>(ref destination), value._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static LanePart512 FusedMultiplyAdd(LanePart512 left, LanePart512 right, LanePart512 addend)
        => new(Avx512F.IsSupported
            ? Avx512F.FusedMultiplyAdd(left._v, right._v, addend._v)
            : Vector512.FusedMultiplyAdd(left._v, right._v, addend._v));
}
