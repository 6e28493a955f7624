using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Neuralink.Kernels;

/// <summary>One binary16 scale for each 32 columns, behind the levels: what Q8_0 and Q4_0 share.</summary>
internal static class HalfScales
{
    /// <summary>Bytes of the scales of a group, of half a group.</summary>
    public const int GroupBytes = GroupOrder.Blocks * sizeof(short), HalfBytes = GroupBytes / 2;

    /// <summary>Eight scales.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Eight(ref readonly byte halves) =>
        Widen(Vector128.LoadUnsafe(in Unsafe.As<byte, short>(ref Unsafe.AsRef(in halves))));

    /// <summary>Four scales, then zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Four(ref readonly byte halves) =>
        Widen(Vector128.CreateScalar(Unsafe.ReadUnaligned<long>(in halves)).AsInt16());

    /// <summary>The scale of one block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Of(ref readonly byte halves, int block) =>
        HalfBits.Widen(Unsafe.ReadUnaligned<short>(in Unsafe.Add(ref Unsafe.AsRef(in halves), block * sizeof(short))));

    /// <summary>Whether none of the scales is infinite or NaN.</summary>
    public static bool AllFinite(ReadOnlySpan<byte> halves) => F16Codec.AllFinite(halves);

    /// <summary>Eight binary16 (see <see cref="HalfBits"/>).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Widen(Vector128<short> halves)
    {
        Vector256<int> bits = Avx2.IsSupported
            ? Avx2.ConvertToVector256Int32(halves)
            : Vector256.Create(Vector128.WidenLower(halves), Vector128.WidenUpper(halves));
        Vector256<int> magnitude = (bits & Vector256.Create(HalfBits.Magnitude)) << HalfBits.Shift;
        Vector256<float> u = (magnitude + Vector256.Create(HalfBits.Bias)).AsSingle();
        Vector256<float> doubled = Vector256.FusedMultiplyAdd(u, Vector256.Create(2f), Vector256.Create(-HalfBits.SmallestNormal));
        Vector256<float> value = Vector256.MinNative(u, doubled);
        return (value.AsInt32() | (bits & Vector256.Create(int.MinValue))).AsSingle();
    }
}
