using System.Runtime.CompilerServices;

namespace Neuralink.Kernels;

/// <summary>
/// The register tile of products over packed panels: four rows of weights by three rows of x, a sum of sixteen lanes each. A part of the
/// twelve sums, of three x and of one row fills sixteen registers.
/// </summary>
internal static class PanelTile<TPart>
    where TPart : struct, ILanePart<TPart>
{
    private const int Rows = PanelSizes.TileRows;
    private const int Inputs = PanelSizes.TileInputs;
    private const int Lanes = PanelSizes.Lanes;

    /// <summary>to[r, i, l] = from[r, i, l] + sum over steps s, ascending, of weights[s, r, l] * x[s, i, l].</summary>
    /// <param name="weights">[steps, 4, 16].</param>
    /// <param name="x">[steps, 3, 16].</param>
    /// <param name="from">[4, 3, 16].</param>
    /// <param name="to">[4, 3, 16], the same memory or another.</param>
    /// <param name="steps">A step is sixteen columns.</param>
    public static void Add(ref readonly float weights, ref readonly float x, ref readonly float from, ref float to, int steps)
    {
        for (int lane = 0; lane < Lanes; lane += TPart.Count)
        {
            AddPart(
                ref Unsafe.Add(ref Unsafe.AsRef(in weights), lane), ref Unsafe.Add(ref Unsafe.AsRef(in x), lane),
                ref Unsafe.Add(ref Unsafe.AsRef(in from), lane), ref Unsafe.Add(ref to, lane), steps);
        }
    }

    private static void AddPart(ref float w, ref float x, ref float from, ref float to, int steps)
    {
        TPart s00 = Sum(ref from, 0), s01 = Sum(ref from, 1), s02 = Sum(ref from, 2);
        TPart s10 = Sum(ref from, 3), s11 = Sum(ref from, 4), s12 = Sum(ref from, 5);
        TPart s20 = Sum(ref from, 6), s21 = Sum(ref from, 7), s22 = Sum(ref from, 8);
        TPart s30 = Sum(ref from, 9), s31 = Sum(ref from, 10), s32 = Sum(ref from, 11);
        for (; steps > 0; steps--)
        {
            TPart x0 = TPart.Load(in x), x1 = TPart.Load(in Unsafe.Add(ref x, Lanes)), x2 = TPart.Load(in Unsafe.Add(ref x, 2 * Lanes));
            TPart v = TPart.Load(in w);
            s00 = TPart.FusedMultiplyAdd(v, x0, s00);
            s01 = TPart.FusedMultiplyAdd(v, x1, s01);
            s02 = TPart.FusedMultiplyAdd(v, x2, s02);
            v = TPart.Load(in Unsafe.Add(ref w, Lanes));
            s10 = TPart.FusedMultiplyAdd(v, x0, s10);
            s11 = TPart.FusedMultiplyAdd(v, x1, s11);
            s12 = TPart.FusedMultiplyAdd(v, x2, s12);
            v = TPart.Load(in Unsafe.Add(ref w, 2 * Lanes));
            s20 = TPart.FusedMultiplyAdd(v, x0, s20);
            s21 = TPart.FusedMultiplyAdd(v, x1, s21);
            s22 = TPart.FusedMultiplyAdd(v, x2, s22);
            v = TPart.Load(in Unsafe.Add(ref w, 3 * Lanes));
            s30 = TPart.FusedMultiplyAdd(v, x0, s30);
            s31 = TPart.FusedMultiplyAdd(v, x1, s31);
            s32 = TPart.FusedMultiplyAdd(v, x2, s32);
            w = ref Unsafe.Add(ref w, Rows * Lanes);
            x = ref Unsafe.Add(ref x, Inputs * Lanes);
        }

        Put(s00, ref to, 0);
        Put(s01, ref to, 1);
        Put(s02, ref to, 2);
        Put(s10, ref to, 3);
        Put(s11, ref to, 4);
        Put(s12, ref to, 5);
        Put(s20, ref to, 6);
        Put(s21, ref to, 7);
        Put(s22, ref to, 8);
        Put(s30, ref to, 9);
        Put(s31, ref to, 10);
        Put(s32, ref to, 11);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TPart Sum(ref float sums, int index) => TPart.Load(in Unsafe.Add(ref sums, index * Lanes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(TPart sum, ref float sums, int index) => TPart.Store(sum, ref Unsafe.Add(ref sums, index * Lanes));
}
