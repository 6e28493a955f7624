using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Neuralink.Kernels;

/// <summary>One binary16 scale for each 32 columns, behind the levels: what Q8_0 and Q4_0 share.</summary>
internal static class HalfScales
{
    /// <summary>Columns of a scale.</summary>
    public const int BlockColumns = 32;

    /// <summary>
    /// scales[i] = d[i] * x.Scales[i] for the blocks of [begin, end). Where levels stand <paramref name="above"/> the weights' own:
    /// lane b mod 16 of minima += (above * d[b]) * x.Sums[b].
    /// </summary>
    public static void Scale<TLanes>(
        ref readonly byte halves, InputScales x, int begin, int end, int above, ref float scales, ref TLanes minima)
        where TLanes : struct, ILanes<TLanes>
    {
        int first = begin / BlockColumns, count = (end - begin) / BlockColumns;
        ref short d = ref Unsafe.Add(ref Unsafe.As<byte, short>(ref Unsafe.AsRef(in halves)), first);
        ref float xScales = ref Unsafe.Add(ref Unsafe.AsRef(in x.Scales), first);
        ref float xSums = ref Unsafe.Add(ref Unsafe.AsRef(in x.Sums), first);
        TLanes factor = TLanes.Broadcast(above);
        int b = 0;
        for (; b <= count - ILanes<TLanes>.Count; b += ILanes<TLanes>.Count)
        {
            TLanes wide = TLanes.LoadF16(in Unsafe.Add(ref d, b));
            TLanes product = TLanes.FusedMultiplyAdd(wide, TLanes.Load(in Unsafe.Add(ref xScales, b)), TLanes.Zero);
            TLanes.Store(product, ref Unsafe.Add(ref scales, b));
            if (above != 0)
            {
                TLanes minimum = TLanes.FusedMultiplyAdd(wide, factor, TLanes.Zero);
                minima = TLanes.FusedMultiplyAdd(minimum, TLanes.Load(in Unsafe.Add(ref xSums, b)), minima);
            }
        }

        if (b < count)
            ScaleRest(ref d, ref xScales, ref xSums, b, count, above, ref scales, ref minima);
    }

    /// <summary>The scale of one block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Of(ref readonly byte halves, int block) =>
        HalfBits.Widen(Unsafe.ReadUnaligned<short>(in Unsafe.Add(ref Unsafe.AsRef(in halves), block * sizeof(short))));

    /// <summary>Whether none of the scales is infinite or NaN.</summary>
    public static bool AllFinite(ReadOnlySpan<byte> halves) => F16Codec.AllFinite(halves);

    private static void ScaleRest<TLanes>(
        ref short d, ref float xScales, ref float xSums, int begin, int count, int above, ref float scales, ref TLanes minima)
        where TLanes : struct, ILanes<TLanes>
    {
        Span<float> lanes = stackalloc float[ILanes<TLanes>.Count];
        TLanes.Store(minima, ref MemoryMarshal.GetReference(lanes));
        for (int b = begin; b < count; b++)
        {
            float wide = HalfBits.Widen(Unsafe.Add(ref d, b));
            Unsafe.Add(ref scales, b) = wide * Unsafe.Add(ref xScales, b);
            if (above != 0)
                lanes[b - begin] = MathF.FusedMultiplyAdd(above * wide, Unsafe.Add(ref xSums, b), lanes[b - begin]);
        }

        minima = TLanes.Load(ref MemoryMarshal.GetReference(lanes));
    }
}
