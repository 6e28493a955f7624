using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Neuralink.Kernels;

/// <summary>
/// What arithmetic on subnormal numbers costs on this processor, measured once in some tens of microseconds: some take a few cycles more
/// than for normal numbers, some 150.
/// </summary>
internal static class SubnormalCost
{
    // 150 cycles for one register in five are a ratio of 20 or more.
    private const double SmallRatio = 6;
    private const int Values = 1024, Passes = 8, Trials = 5;

    /// <summary>
    /// How many times as long binary16 values take to widen by a multiplication when one in 32 of them is subnormal as when none is. Among
    /// weights of deviation 0.002 as many are.
    /// </summary>
    public static double Ratio { get; } = Vector256.IsHardwareAccelerated ? Measure<Lanes256>() : Measure<Lanes128>();

    /// <summary>Whether kernels may meet subnormal numbers where that saves other operations.</summary>
    public static bool IsSmall { get; } = Ratio < SmallRatio;

    private static double Measure<TLanes>()
        where TLanes : struct, ILanes<TLanes>
    {
        short[] some = new short[Values], none = new short[Values];
        Array.Fill(none, BitConverter.HalfToInt16Bits(Half.One));
        for (int i = 0; i < Values; i++)
            some[i] = IsSubnormal(i) ? BitConverter.HalfToInt16Bits(Half.Epsilon) : none[i];

        long slow = long.MaxValue, fast = long.MaxValue;
        for (int trial = 0; trial < Trials; trial++)
        {
            slow = Math.Min(slow, Time<TLanes>(some));
            fast = Math.Min(fast, Time<TLanes>(none));
        }

        return (double)slow / Math.Max(fast, 1);
    }

    // One value in 32, without a pattern that a processor could learn.
    private static bool IsSubnormal(int index) => unchecked((uint)index * 0x9E37_79B1u) >> 27 == 0;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long Time<TLanes>(short[] values)
        where TLanes : struct, ILanes<TLanes>
    {
        long begin = Stopwatch.GetTimestamp();
        TLanes s0 = TLanes.Zero, s1 = TLanes.Zero;
        for (int pass = 0; pass < Passes; pass++)
        {
            for (int i = 0; i < values.Length; i += 2 * ILanes<TLanes>.Count)
            {
                s0 = TLanes.Add(s0, TLanes.LoadF16BySubnormals(in values[i]));
                s1 = TLanes.Add(s1, TLanes.LoadF16BySubnormals(in values[i + ILanes<TLanes>.Count]));
            }
        }

        long end = Stopwatch.GetTimestamp();
        GC.KeepAlive(TLanes.Sum(TLanes.Add(s0, s1)));
        return end - begin;
    }
}
