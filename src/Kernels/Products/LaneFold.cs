using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Neuralink.Kernels;

/// <summary>Folds four sums of sixteen lanes at once, each in the order of <see cref="ILanes{TSelf}.Sum"/>: 16, 8, 4, 2, 1.</summary>
internal static class LaneFold
{
    /// <summary>The four sums whose lanes begin at <paramref name="lanes"/> and every <paramref name="stride"/> floats on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Four(ref readonly float lanes, int stride)
    {
        ref float at = ref Unsafe.AsRef(in lanes);
        Vector128<float> a = ToFourLanes(ref at), b = ToFourLanes(ref Unsafe.Add(ref at, stride));
        Vector128<float> c = ToFourLanes(ref Unsafe.Add(ref at, 2 * stride)), d = ToFourLanes(ref Unsafe.Add(ref at, 3 * stride));
        Vector128<float> ab = Lower(a, b) + Upper(a, b), cd = Lower(c, d) + Upper(c, d);
        return Even(ab, cd) + Odd(ab, cd);
    }

    /// <summary>Lane i + lane i + 8, then i + 4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ToFourLanes(ref float lanes)
        => (Vector128.LoadUnsafe(ref lanes) + Vector128.LoadUnsafe(ref lanes, 8))
            + (Vector128.LoadUnsafe(ref lanes, 4) + Vector128.LoadUnsafe(ref lanes, 12));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Lower(Vector128<float> left, Vector128<float> right)
        => Sse.IsSupported ? Sse.MoveLowToHigh(left, right)
            : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(left.AsDouble(), right.AsDouble()).AsSingle()
            : Vector128.Create(left.GetLower(), right.GetLower());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Upper(Vector128<float> left, Vector128<float> right)
        => Sse.IsSupported ? Sse.MoveHighToLow(right, left)
            : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipHigh(left.AsDouble(), right.AsDouble()).AsSingle()
            : Vector128.Create(left.GetUpper(), right.GetUpper());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Even(Vector128<float> left, Vector128<float> right)
        => Sse.IsSupported ? Sse.Shuffle(left, right, 0b10_00_10_00)
            : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.UnzipEven(left, right)
            : Vector128.Create(left[0], left[2], right[0], right[2]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Odd(Vector128<float> left, Vector128<float> right)
        => Sse.IsSupported ? Sse.Shuffle(left, right, 0b11_01_11_01)
            : AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.UnzipOdd(left, right)
            : Vector128.Create(left[1], left[3], right[1], right[3]);
}
