using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Neuralink.Kernels;

/// <summary>
/// y[c] = fma(scale * d of c's block, level[c], y[c]), for one row or for four in turn. A range is whole turns, by which a codec loads
/// levels, and what is left at both ends, which goes through a copy.
/// </summary>
[SkipLocalsInit]
internal static class BlockAxpy<TCodec, TLanes>
    where TCodec : struct, IBundleRowCodec
    where TLanes : struct, ILanes<TLanes>
{
    // Columns whose scales are multiplied at a time, on the stack.
    private const int ChunkColumns = 2048;

    private const int Lanes = ILanes<TLanes>.Count, BlockColumns = HalfScales.BlockColumns, BlocksMax = ChunkColumns / BlockColumns;

    private static int TurnColumns => 2 * TCodec.PairDistance;

    public static void AddOne(float scale, ref readonly byte row, int padded, ColumnRange range, Span<float> y)
    {
        for (int begin = range.Begin, end; begin < range.End; begin = end)
        {
            end = NextEnd(begin, range.End);
            Span<float> share = y[(begin - range.Begin)..(end - range.Begin)];
            if ((end - begin) % TurnColumns == 0 && begin % TurnColumns == 0)
                AddTurns(scale, in row, padded, begin, share);
            else
                AddPart(scale, in row, padded, begin, share);
        }
    }

    /// <summary>
    /// Four rows, with the same bits; y is loaded and stored once. Meanwhile four that are read soon after are prefetched.
    /// </summary>
    public static void AddFour(ReadOnlySpan<float> scales, RowFour rows, RowFour upcoming, int padded, ColumnRange range, Span<float> y)
    {
        for (int begin = range.Begin, end; begin < range.End; begin = end)
        {
            end = NextEnd(begin, range.End);
            Span<float> share = y[(begin - range.Begin)..(end - range.Begin)];
            if ((end - begin) % TurnColumns == 0 && begin % TurnColumns == 0)
            {
                AddTurns(scales, rows, upcoming, padded, begin, share);
                continue;
            }

            AddPart(scales[0], in rows.Row0, padded, begin, share);
            AddPart(scales[1], in rows.Row1, padded, begin, share);
            AddPart(scales[2], in rows.Row2, padded, begin, share);
            AddPart(scales[3], in rows.Row3, padded, begin, share);
        }
    }

    /// <summary>Up to where the next piece of a range goes: whole turns, as many as have room on the stack, or part of one.</summary>
    private static int NextEnd(int begin, int end)
    {
        if (begin % TurnColumns != 0)
            return Math.Min(end, (begin / TurnColumns * TurnColumns) + TurnColumns);
        int whole = Math.Min(end, begin + ChunkColumns) / TurnColumns * TurnColumns;
        return whole > begin ? whole : end;
    }

    private static void AddTurns(float scale, ref readonly byte row, int padded, int begin, Span<float> y)
    {
        Unsafe.SkipInit(out Scales products);
        ref float s = ref Multiply(scale, in row, padded, begin, y.Length, ref products);
        ref float to = ref MemoryMarshal.GetReference(y);
        for (int c = 0; c < y.Length; c += TurnColumns)
        {
            for (int i = 0; i < TCodec.PairDistance; i += Lanes)
            {
                ref float first = ref Unsafe.Add(ref to, c + i), second = ref Unsafe.Add(ref first, TCodec.PairDistance);
                TLanes y0 = TLanes.Load(in first), y1 = TLanes.Load(in second);
                Add(in row, begin + c + i, ref Unsafe.Add(ref s, (c + i) / BlockColumns), ref y0, ref y1);
                TLanes.Store(y0, ref first);
                TLanes.Store(y1, ref second);
            }
        }
    }

    private static void AddTurns(ReadOnlySpan<float> scales, RowFour rows, RowFour upcoming, int padded, int begin, Span<float> y)
    {
        Unsafe.SkipInit(out Scales products0);
        Unsafe.SkipInit(out Scales products1);
        Unsafe.SkipInit(out Scales products2);
        Unsafe.SkipInit(out Scales products3);
        ref float s0 = ref Multiply(scales[0], in rows.Row0, padded, begin, y.Length, ref products0);
        ref float s1 = ref Multiply(scales[1], in rows.Row1, padded, begin, y.Length, ref products1);
        ref float s2 = ref Multiply(scales[2], in rows.Row2, padded, begin, y.Length, ref products2);
        ref float s3 = ref Multiply(scales[3], in rows.Row3, padded, begin, y.Length, ref products3);
        ref readonly byte row0 = ref rows.Row0, row1 = ref rows.Row1, row2 = ref rows.Row2, row3 = ref rows.Row3;
        ref float to = ref MemoryMarshal.GetReference(y);
        for (int c = 0; c < y.Length; c += TurnColumns)
        {
            Ask(upcoming, TCodec.LevelBytes(begin + c));
            for (int i = 0; i < TCodec.PairDistance; i += Lanes)
            {
                ref float first = ref Unsafe.Add(ref to, c + i), second = ref Unsafe.Add(ref first, TCodec.PairDistance);
                int column = begin + c + i, block = (c + i) / BlockColumns;
                TLanes y0 = TLanes.Load(in first), y1 = TLanes.Load(in second);
                Add(in row0, column, ref Unsafe.Add(ref s0, block), ref y0, ref y1);
                Add(in row1, column, ref Unsafe.Add(ref s1, block), ref y0, ref y1);
                Add(in row2, column, ref Unsafe.Add(ref s2, block), ref y0, ref y1);
                Add(in row3, column, ref Unsafe.Add(ref s3, block), ref y0, ref y1);
                TLanes.Store(y0, ref first);
                TLanes.Store(y1, ref second);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(ref readonly byte row, int column, ref float scales, ref TLanes y0, ref TLanes y1)
    {
        TCodec.LoadPair(in row, column, out TLanes first, out TLanes second);
        y0 = TLanes.FusedMultiplyAdd(TLanes.Broadcast(scales), first, y0);
        y1 = TLanes.FusedMultiplyAdd(TLanes.Broadcast(Unsafe.Add(ref scales, TCodec.PairDistance / BlockColumns)), second, y1);
    }

    private static void Ask(RowFour rows, int offset)
    {
        Prefetch.Line(in rows.Row0, offset);
        Prefetch.Line(in rows.Row1, offset);
        Prefetch.Line(in rows.Row2, offset);
        Prefetch.Line(in rows.Row3, offset);
    }

    /// <summary>Part of a turn: all of it is computed beside y. The levels are there: a row is padded to whole turns.</summary>
    private static void AddPart(float scale, ref readonly byte row, int padded, int column, Span<float> y)
    {
        Span<float> turn = stackalloc float[TurnColumns];
        int at = column % TurnColumns;
        turn.Clear();
        y.CopyTo(turn[at..]);
        AddTurns(scale, in row, padded, column - at, turn);
        turn.Slice(at, y.Length).CopyTo(y);
    }

    /// <summary>products[i] = scale * d of the i-th block from column <paramref name="begin"/> on.</summary>
    private static ref float Multiply(
        float scale, ref readonly byte row, int padded, int begin, int columns, ref Scales products)
    {
        ref float to = ref Unsafe.As<Scales, float>(ref products);
        ref short d = ref Unsafe.As<byte, short>(ref Unsafe.Add(ref Unsafe.AsRef(in row), TCodec.ScaleBytes(padded)));
        d = ref Unsafe.Add(ref d, begin / BlockColumns);
        TLanes factor = TLanes.Broadcast(scale);
        int b = 0, count = columns / BlockColumns;
        for (; b <= count - Lanes; b += Lanes)
        {
            TLanes wide = TLanes.LoadF16(in Unsafe.Add(ref d, b));
            TLanes.Store(TLanes.FusedMultiplyAdd(factor, wide, TLanes.Zero), ref Unsafe.Add(ref to, b));
        }

        for (; b < count; b++)
            Unsafe.Add(ref to, b) = scale * HalfBits.Widen(Unsafe.Add(ref d, b));
        return ref to;
    }

    [InlineArray(BlocksMax)]
    private struct Scales
    {
        private float _first;
    }
}
