using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Neuralink.Kernels;

/// <summary>y[c] = fma(scale * d of c's block, level[c], y[c]), for one row or for four in turn.</summary>
internal static class BlockAxpy<TCodec, TLanes>
    where TCodec : struct, IBundleRowCodec
    where TLanes : struct, ILanes<TLanes>
{
    private const int Lanes = ILanes<TLanes>.Count, BlockColumns = HalfScales.BlockColumns;

    public static void AddOne(float scale, ref readonly byte row, int padded, ColumnRange range, Span<float> y)
    {
        ref float to = ref MemoryMarshal.GetReference(y);
        int c = 0;
        for (; c <= y.Length - BlockColumns; c += BlockColumns)
        {
            int column = range.Begin + c;
            TLanes scales = TLanes.Broadcast(scale * TCodec.ScaleOf(in row, padded, column / BlockColumns));
            ref float at = ref Unsafe.Add(ref to, c), next = ref Unsafe.Add(ref at, Lanes);
            TLanes.Store(TLanes.FusedMultiplyAdd(scales, TCodec.Load<TLanes>(in row, column), TLanes.Load(in at)), ref at);
            TLanes.Store(TLanes.FusedMultiplyAdd(scales, TCodec.Load<TLanes>(in row, column + Lanes), TLanes.Load(in next)), ref next);
        }

        if (c < y.Length)
            AddTail(scale, in row, padded, range.Begin + c, y[c..]);
    }

    /// <summary>Four rows, with the same bits; y is loaded and stored once. Meanwhile four that are read soon after are prefetched.</summary>
    public static void AddFour(ReadOnlySpan<float> scales, RowFour rows, RowFour upcoming, int padded, ColumnRange range, Span<float> y)
    {
        ref readonly byte w0 = ref rows.Row0, w1 = ref rows.Row1, w2 = ref rows.Row2, w3 = ref rows.Row3;
        float h0 = scales[0], h1 = scales[1], h2 = scales[2], h3 = scales[3];
        ref float to = ref MemoryMarshal.GetReference(y);
        int c = 0;
        for (; c <= y.Length - BlockColumns; c += BlockColumns)
        {
            int column = range.Begin + c, block = column / BlockColumns;
            if (column % TCodec.GroupColumns == 0)
                Ask(upcoming, column / TCodec.GroupColumns * Prefetch.LineBytes);

            TLanes s0 = TLanes.Broadcast(h0 * TCodec.ScaleOf(in w0, padded, block));
            TLanes s1 = TLanes.Broadcast(h1 * TCodec.ScaleOf(in w1, padded, block));
            TLanes s2 = TLanes.Broadcast(h2 * TCodec.ScaleOf(in w2, padded, block));
            TLanes s3 = TLanes.Broadcast(h3 * TCodec.ScaleOf(in w3, padded, block));
            for (int half = 0; half < BlockColumns; half += Lanes)
            {
                ref float at = ref Unsafe.Add(ref to, c + half);
                TLanes sum = TLanes.FusedMultiplyAdd(s0, TCodec.Load<TLanes>(in w0, column + half), TLanes.Load(in at));
                sum = TLanes.FusedMultiplyAdd(s1, TCodec.Load<TLanes>(in w1, column + half), sum);
                sum = TLanes.FusedMultiplyAdd(s2, TCodec.Load<TLanes>(in w2, column + half), sum);
                TLanes.Store(TLanes.FusedMultiplyAdd(s3, TCodec.Load<TLanes>(in w3, column + half), sum), ref at);
            }
        }

        if (c == y.Length)
            return;
        Span<float> tail = y[c..];
        AddTail(h0, in w0, padded, range.Begin + c, tail);
        AddTail(h1, in w1, padded, range.Begin + c, tail);
        AddTail(h2, in w2, padded, range.Begin + c, tail);
        AddTail(h3, in w3, padded, range.Begin + c, tail);
    }

    private static void Ask(RowFour rows, int offset)
    {
        Prefetch.Line(in rows.Row0, offset);
        Prefetch.Line(in rows.Row1, offset);
        Prefetch.Line(in rows.Row2, offset);
        Prefetch.Line(in rows.Row3, offset);
    }

    /// <summary>Part of a block. The levels of all of it are there: a row is padded.</summary>
    private static void AddTail(float scale, ref readonly byte row, int padded, int column, Span<float> y)
    {
        float product = scale * TCodec.ScaleOf(in row, padded, column / BlockColumns);
        Span<float> levels = stackalloc float[BlockColumns];
        TLanes.Store(TCodec.Load<TLanes>(in row, column), ref levels[0]);
        TLanes.Store(TCodec.Load<TLanes>(in row, column + Lanes), ref levels[Lanes]);
        for (int c = 0; c < y.Length; c++)
            y[c] = MathF.FusedMultiplyAdd(product, levels[c], y[c]);
    }
}
