using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Neuralink.Kernels;

/// <summary>
/// <see cref="BlockAxpy{TCodec}"/> of many rows in turn, with the same bits. Eight rows are read side by side, while 64 columns of y, a
/// pair of blocks, are in registers:
/// <code>
/// y = fma(scale[n] * d[n] of the block, level[n], y)      for n of 8 rows, eight registers of y: columns 4 k to 4 k + 3 of both blocks
/// </code>
/// Meanwhile y is arranged by these registers, so that each is loaded and stored as it is.
/// </summary>
[SkipLocalsInit]
internal static class BlockDown<TCodec>
    where TCodec : struct, IBundleRowCodec
{
    // Columns of y that are arranged at a time, on the stack.
    private const int ColumnsMax = 4096, Together = ScatteredRows.Together;

    private const int BlockColumns = GroupOrder.BlockColumns, PairColumns = 2 * BlockColumns, Lanes = 8;

    // Bytes from a quad of a pair to its next, and groups whose scales are a cache line.
    private const int Stride = GroupOrder.QuadBytes * GroupOrder.Blocks, GroupsOfLine = Prefetch.LineBytes / HalfScales.GroupBytes;

    /// <summary>Adds the rows to y, [range.Count].</summary>
    public static void Add(ReadOnlySpan<float> scales, ScatteredRows rows, int padded, ColumnRange range, Span<float> y)
    {
        // Whole pairs of whole groups; what is left at both ends goes row by row.
        int begin = Math.Min((range.Begin + PairColumns - 1) / PairColumns * PairColumns, range.End);
        int whole = Math.Min(range.End, padded / GroupOrder.Columns * GroupOrder.Columns);
        int end = Math.Max(begin, whole / PairColumns * PairColumns);
        AddRest(scales, rows, padded, range with { End = begin }, y[..(begin - range.Begin)]);
        AddRest(scales, rows, padded, range with { Begin = end }, y[(end - range.Begin)..]);

        Span<float> arranged = stackalloc float[ColumnsMax];
        Span<nint> upcoming = stackalloc nint[Together];
        for (int from = begin; from < end; from += ColumnsMax)
        {
            Span<float> share = y[(from - range.Begin)..(Math.Min(end, from + ColumnsMax) - range.Begin)];
            Arrange(share, arranged);
            for (int first = 0; first < rows.Count; first += Together)
            {
                ReadOnlySpan<nint> some = rows.Offsets.Slice(first, Math.Min(Together, rows.Count - first));
                for (int i = 0; i < some.Length; i++)
                    upcoming[i] = rows.UpcomingOffset(first + i, Together);
                AddPairs(
                    in rows.Origin, some, in MemoryMarshal.GetReference(upcoming), scales.Slice(first, some.Length), padded, from,
                    arranged[..share.Length]);
            }

            PutBack(arranged, share);
        }
    }

    private static void AddRest(ReadOnlySpan<float> scales, ScatteredRows rows, int padded, ColumnRange range, Span<float> y)
    {
        for (int i = 0; i < rows.Count && range.Count > 0; i++)
            BlockAxpy<TCodec>.AddOne(scales[i], in rows[i], padded, range, y);
    }

    /// <summary>The loop over the pairs of some rows, without calls: around them the compiler would keep y in memory.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddPairs(
        ref readonly byte origin, ReadOnlySpan<nint> rows, ref readonly nint upcoming, ReadOnlySpan<float> factors, int padded, int begin,
        Span<float> y)
    {
        Unsafe.SkipInit(out Products products);
        Unsafe.SkipInit(out Unpacked unpacked);
        ref byte levels = ref TCodec.IsSmall ? ref Unsafe.As<Unpacked, byte>(ref unpacked) : ref Unsafe.AsRef(in origin);
        for (int c = 0; c < y.Length; c += PairColumns)
        {
            int column = begin + c, group = column / GroupOrder.Columns, pair = column % GroupOrder.Columns / PairColumns;
            if (c == 0 || pair == 0)
            {
                nint scalesAt = TCodec.ScaleBytes(padded, group), levelsAt = TCodec.LevelBytes(group * GroupOrder.Columns);
                for (int i = 0; i < rows.Length; i++)
                {
                    if (c == 0 || group % GroupsOfLine == 0)
                        Prefetch.Line(in origin, Unsafe.Add(ref Unsafe.AsRef(in upcoming), i) + scalesAt);
                    products[i] = Vector256.Create(factors[i]) * HalfScales.Eight(in At(in origin, rows[i] + scalesAt));
                    if (TCodec.IsSmall)
                        TCodec.Unpack(in At(in origin, rows[i] + levelsAt), ref Unsafe.Add(ref levels, i * GroupOrder.Columns));
                }
            }

            nint at = (TCodec.IsSmall ? 0 : TCodec.LevelBytes(group * GroupOrder.Columns)) + (pair * 2 * GroupOrder.QuadBytes);
            AddPair(ref levels, at, rows, in upcoming, TCodec.LevelBytes(column), in origin, ref products[0], 2 * pair, ref y[c]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddPair(
        ref byte levels, nint at, ReadOnlySpan<nint> rows, ref readonly nint upcoming, nint asked, ref readonly byte origin,
        ref Vector256<float> products, int block, ref float y)
    {
        Vector256<float> y0 = Vector256.LoadUnsafe(ref y), y1 = Vector256.LoadUnsafe(ref y, Lanes);
        Vector256<float> y2 = Vector256.LoadUnsafe(ref y, 2 * Lanes), y3 = Vector256.LoadUnsafe(ref y, 3 * Lanes);
        Vector256<float> y4 = Vector256.LoadUnsafe(ref y, 4 * Lanes), y5 = Vector256.LoadUnsafe(ref y, 5 * Lanes);
        Vector256<float> y6 = Vector256.LoadUnsafe(ref y, 6 * Lanes), y7 = Vector256.LoadUnsafe(ref y, 7 * Lanes);
        ref float product = ref Unsafe.Add(ref Unsafe.As<Vector256<float>, float>(ref products), block);
        for (int i = 0; i < rows.Length; i++)
        {
            Prefetch.Line(in origin, Unsafe.Add(ref Unsafe.AsRef(in upcoming), i) + asked);
            ref byte row = ref Unsafe.AddByteOffset(ref levels, (TCodec.IsSmall ? i * GroupOrder.Columns : rows[i]) + at);
            Vector256<float> s = Vector256.Create(Vector128.Create(product), Vector128.Create(Unsafe.Add(ref product, 1)));
            product = ref Unsafe.Add(ref product, GroupOrder.Blocks);
            y0 = Vector256.FusedMultiplyAdd(s, Eight(ref row, 0), y0);
            y1 = Vector256.FusedMultiplyAdd(s, Eight(ref row, 1), y1);
            y2 = Vector256.FusedMultiplyAdd(s, Eight(ref row, 2), y2);
            y3 = Vector256.FusedMultiplyAdd(s, Eight(ref row, 3), y3);
            y4 = Vector256.FusedMultiplyAdd(s, Eight(ref row, 4), y4);
            y5 = Vector256.FusedMultiplyAdd(s, Eight(ref row, 5), y5);
            y6 = Vector256.FusedMultiplyAdd(s, Eight(ref row, 6), y6);
            y7 = Vector256.FusedMultiplyAdd(s, Eight(ref row, 7), y7);
        }

        y0.StoreUnsafe(ref y);
        y1.StoreUnsafe(ref y, Lanes);
        y2.StoreUnsafe(ref y, 2 * Lanes);
        y3.StoreUnsafe(ref y, 3 * Lanes);
        y4.StoreUnsafe(ref y, 4 * Lanes);
        y5.StoreUnsafe(ref y, 5 * Lanes);
        y6.StoreUnsafe(ref y, 6 * Lanes);
        y7.StoreUnsafe(ref y, 7 * Lanes);
    }

    /// <summary>The eight levels of a quad of a pair.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Eight(ref byte row, int quad) => SignedLevels.Eight(in Unsafe.Add(ref row, quad * Stride));

    /// <summary>y by registers: of each quad four columns of a block and four of the next.</summary>
    private static void Arrange(ReadOnlySpan<float> y, Span<float> arranged)
    {
        ref float from = ref MemoryMarshal.GetReference(y), to = ref MemoryMarshal.GetReference(arranged[..y.Length]);
        for (int pair = 0; pair < y.Length; pair += PairColumns)
        {
            for (int c = pair; c < pair + BlockColumns; c += GroupOrder.QuadBytes)
            {
                Vector128<float> first = Vector128.LoadUnsafe(ref from, (nuint)c);
                Vector128<float> second = Vector128.LoadUnsafe(ref from, (nuint)(c + BlockColumns));
                Vector256.Create(first, second).StoreUnsafe(ref to, (nuint)(c + c - pair));
            }
        }
    }

    private static void PutBack(ReadOnlySpan<float> arranged, Span<float> y)
    {
        ref float from = ref MemoryMarshal.GetReference(arranged[..y.Length]), to = ref MemoryMarshal.GetReference(y);
        for (int pair = 0; pair < y.Length; pair += PairColumns)
        {
            for (int c = pair; c < pair + BlockColumns; c += GroupOrder.QuadBytes)
            {
                Vector256<float> both = Vector256.LoadUnsafe(ref from, (nuint)(c + c - pair));
                both.GetLower().StoreUnsafe(ref to, (nuint)c);
                both.GetUpper().StoreUnsafe(ref to, (nuint)(c + BlockColumns));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref readonly byte At(ref readonly byte origin, nint offset) => ref Unsafe.Add(ref Unsafe.AsRef(in origin), offset);

    /// <summary>Factor times scale, of a group of each row.</summary>
    [InlineArray(Together)]
    private struct Products
    {
        private Vector256<float> _first;
    }

    /// <summary>The levels of a group of each row as bytes, and room behind the last eight for a load of sixteen.</summary>
    [InlineArray((Together * GroupOrder.Columns) + Lanes)]
    private struct Unpacked
    {
        private byte _first;
    }
}
