using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

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
    public static Lanes256 Broadcast(float value)
    {
        Vector256<float> v = Vector256.Create(value);
        return new(v, v);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(ref readonly float source)
        => new(Vector256.LoadUnsafe(in source), Vector256.LoadUnsafe(in source, 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadF16(ref readonly short source)
        => new(Widen(LoadSigned(in source)), Widen(LoadSigned(in Unsafe.Add(ref Unsafe.AsRef(in source), 8))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadF16BySubnormals(ref readonly short source)
        => new(Multiply(LoadSigned(in source)), Multiply(LoadSigned(in Unsafe.Add(ref Unsafe.AsRef(in source), 8))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadBF16(ref readonly ushort source)
    {
        ref short bits = ref Unsafe.As<ushort, short>(ref Unsafe.AsRef(in source));
        return new((LoadSigned(in bits) << 16).AsSingle(), (LoadSigned(in Unsafe.Add(ref bits, 8)) << 16).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadInt8(ref readonly sbyte source)
    {
        if (!Avx2.IsSupported)
            return Widen(Vector128.LoadUnsafe(in source));

        ref readonly byte bytes = ref Unsafe.As<sbyte, byte>(ref Unsafe.AsRef(in source));
        return new(
            Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(EightBytes(in bytes, 0))),
            Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(EightBytes(in bytes, 8))));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadNibbles(ref readonly byte source, out Lanes256 low, out Lanes256 high)
    {
        if (!Avx2.IsSupported)
        {
            Lanes128.Nibbles(in source, out Vector128<sbyte> lower, out Vector128<sbyte> upper);
            (low, high) = (Widen(lower), Widen(upper));
            return;
        }

        Vector256<int> first = Avx2.ConvertToVector256Int32(EightBytes(in source, 0).AsByte());
        Vector256<int> second = Avx2.ConvertToVector256Int32(EightBytes(in source, 8).AsByte());
        Vector256<int> mask = Vector256.Create(15), centre = Vector256.Create(8);
        low = new(Vector256.ConvertToSingle((first & mask) - centre), Vector256.ConvertToSingle((second & mask) - centre));
        high = new(Vector256.ConvertToSingle((first >> 4) - centre), Vector256.ConvertToSingle((second >> 4) - centre));
    }

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

    /// <summary>
    /// Eight 16-bit values, sign-extended. From memory this is one cheap instruction; from a register it costs as much as several, and
    /// that is what <see cref="Vector256.WidenLower(Vector256{short})"/> of a loaded vector becomes.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> LoadSigned(ref readonly short source)
    {
        Vector128<short> loaded = Vector128.LoadUnsafe(in source);
        return Avx2.IsSupported ? Avx2.ConvertToVector256Int32(loaded) : Vector256.WidenLower(loaded.ToVector256Unsafe());
    }

    /// <summary>Eight binary16, each in the lower half of a sign-extended lane (see <see cref="HalfBits"/>).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Widen(Vector256<int> bits)
    {
        Vector256<int> magnitude = (bits & Vector256.Create(HalfBits.Magnitude)) << HalfBits.Shift;
        Vector256<float> u = (magnitude + Vector256.Create(HalfBits.Bias)).AsSingle();
        Vector256<float> doubled = Vector256.FusedMultiplyAdd(u, Vector256.Create(2f), Vector256.Create(-HalfBits.SmallestNormal));
        Vector256<float> value = Vector256.MinNative(u, doubled);
        return (value.AsInt32() | (bits & Vector256.Create(int.MinValue))).AsSingle();
    }

    /// <summary>The same by one multiplication.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Multiply(Vector256<int> bits)
        => ((bits << HalfBits.Shift) & Vector256.Create(HalfBits.SignedMagnitude)).AsSingle() * Vector256.Create(HalfBits.Scale);

    /// <summary>Eight bytes in the lower half of a register: two such loads cost less than one of sixteen and a shift.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<sbyte> EightBytes(ref readonly byte source, int offset)
        => Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<long>(in Unsafe.Add(ref Unsafe.AsRef(in source), offset))).AsSByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Lanes256 Widen(Vector128<sbyte> bytes)
    {
        (Vector128<short> low, Vector128<short> high) = Vector128.Widen(bytes);
        return new(
            Vector256.ConvertToSingle(Vector256.Create(Vector128.WidenLower(low), Vector128.WidenUpper(low))),
            Vector256.ConvertToSingle(Vector256.Create(Vector128.WidenLower(high), Vector128.WidenUpper(high))));
    }
}
