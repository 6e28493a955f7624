using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Neuralink.Kernels;

/// <summary>
/// Sums of rows of a block format and inputs of 8 bits: one sum, or those of a group of columns with many inputs.
/// <code>
/// lane j of 8 = the blocks j, j + 8, j + 16 ... in turn:  lane = fma(scale of w * scale of x, dot of the block's levels and x, lane)
/// sum = lanes folded in halves
/// </code>
/// The dots are of integers and exact, so a sum has the same bits in every tile and on every instruction set. A block that has two scales
/// does the same for both halves, one that has a minimum subtracts it times the sum of x: <see cref="BlockTerms"/>.
/// </summary>
[SkipLocalsInit]
internal static class BlockTiles<TCodec, TBytes>
    where TCodec : struct, IBlockRowCodec
    where TBytes : struct, IByteLanes<TBytes>
{
    private const int UnitBytes = GroupOrder.UnitBytes, GroupBytes = QuantizedInput.GroupBytes;

    // Groups whose binary16 scales are a cache line.
    private const int GroupsOfScaleLine = Prefetch.LineBytes / HalfScales.GroupBytes;

    /// <summary>One sum.</summary>
    public static float Dot(ref readonly byte row, ref readonly byte x, int padded)
    {
        int groups = padded / GroupOrder.Columns;
        Vector256<float> sums = Vector256<float>.Zero;
        AddGroups(in row, in x, padded, groups, ref sums);
        if (padded % GroupOrder.Columns != 0)
            AddLast(in row, in x, padded, ref sums);
        return Fold(sums);
    }

    /// <summary>The same, prefetching a row that is read soon after.</summary>
    public static float Dot(ref readonly byte row, ref readonly byte upcoming, ref readonly byte x, int padded)
    {
        Vector256<float> sums = Vector256<float>.Zero;
        AddGroups(in row, in upcoming, in x, padded, ref sums);
        if (padded % GroupOrder.Columns != 0)
            AddLast(in row, in x, padded, ref sums);
        return Fold(sums);
    }

    /// <summary>The sums of rows that lie anywhere, some side by side.</summary>
    public static void RowsByOne(ScatteredRows rows, ref readonly byte x, Span<float> y, int padded)
    {
        const int Together = ScatteredRows.Together;
        Span<Vector256<float>> sums = stackalloc Vector256<float>[Together];
        Span<nint> upcoming = stackalloc nint[Together];
        for (int begin = 0; begin < rows.Count; begin += Together)
        {
            ReadOnlySpan<nint> offsets = rows.Offsets.Slice(begin, Math.Min(Together, rows.Count - begin));
            for (int i = 0; i < offsets.Length; i++)
                upcoming[i] = rows.UpcomingOffset(begin + i, Together);
            sums.Clear();
            AddGroups(in rows.Origin, offsets, in MemoryMarshal.GetReference(upcoming), in x, padded, ref sums[0]);
            for (int i = 0; i < offsets.Length; i++)
            {
                if (padded % GroupOrder.Columns != 0)
                    AddLast(in rows[begin + i], in x, padded, ref sums[i]);
                y[begin + i] = Fold(sums[i]);
            }
        }
    }

    /// <summary>Adds a group's terms to the sums of one row and many inputs; the levels are unpacked once.</summary>
    /// <param name="row">The row.</param>
    /// <param name="padded">Its columns.</param>
    /// <param name="group">Of its columns.</param>
    /// <param name="inputs">Rows of <see cref="QuantizedInput"/>.</param>
    /// <param name="x">The group of the inputs.</param>
    /// <param name="sums">[inputs.Count, 8].</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void AddGroup<TInputs>(ref readonly byte row, int padded, int group, TInputs inputs, int x, ref float sums)
        where TInputs : IInputSource, allows ref struct
    {
        TBytes w0 = TCodec.Levels<TBytes>(in row, padded, group, 0), w1 = TCodec.Levels<TBytes>(in row, padded, group, 1);
        TBytes w2 = TCodec.Levels<TBytes>(in row, padded, group, 2), w3 = TCodec.Levels<TBytes>(in row, padded, group, 3);
        Vector256<float> scales = TCodec.Scales(in row, padded, group), seconds = TCodec.Seconds(in row, padded, group);
        int count = inputs.Count;
        for (int i = 0; i < count; i++)
        {
            ref readonly byte values = ref At(in inputs.Row(i), x * GroupBytes);
            Vector256<float> from = Vector256.LoadUnsafe(in sums);
            Add(from, w0, w1, w2, w3, scales, seconds, in values).StoreUnsafe(ref sums);
            sums = ref Unsafe.Add(ref sums, GroupOrder.Blocks);
        }
    }

    /// <summary>The lanes of a sum, folded in halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Fold(Vector256<float> lanes) => Lanes128.Fold(lanes.GetLower() + lanes.GetUpper());

    /// <summary>A row's half group as one row of a whole group.</summary>
    public static ref byte WidenLast(ref readonly byte row, int padded, ref LastGroup last)
    {
        Span<byte> whole = MemoryMarshal.CreateSpan(ref Unsafe.As<LastGroup, byte>(ref last), TCodec.RowBytes(GroupOrder.Columns));
        TCodec.WidenLast(MemoryMarshal.CreateReadOnlySpan(in row, TCodec.RowBytes(padded)), padded, whole);
        return ref MemoryMarshal.GetReference(whole);
    }

    private static void AddLast(ref readonly byte row, ref readonly byte x, int padded, ref Vector256<float> total)
    {
        Unsafe.SkipInit(out LastGroup last);
        ref byte whole = ref WidenLast(in row, padded, ref last);
        AddGroups(in whole, in At(in x, padded / GroupOrder.Columns * GroupBytes), GroupOrder.Columns, 1, ref total);
    }

    /// <summary>The loop over groups, without calls: around them the compiler would keep the sums in memory.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddGroups(ref readonly byte row, ref readonly byte x, int padded, int groups, ref Vector256<float> total)
    {
        Vector256<float> sums = total;
        for (int group = 0; group < groups; group++)
        {
            sums = AddGroup(sums, in row, padded, group, in x);
            x = ref At(in x, GroupBytes);
        }

        total = sums;
    }

    /// <summary>The same with prefetching.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddGroups(
        ref readonly byte row, ref readonly byte upcoming, ref readonly byte x, int padded, ref Vector256<float> total)
    {
        Vector256<float> sums = total;
        int groups = padded / GroupOrder.Columns, levels = TCodec.LevelBytes(GroupOrder.Columns);
        for (int group = 0; group < groups; group++)
        {
            Prefetch.Line(in upcoming, group * levels);
            Prefetch.Line(in upcoming, (group * levels) + Prefetch.LineBytes);
            if (levels > 2 * Prefetch.LineBytes)
            {
                Prefetch.Line(in upcoming, (group * levels) + (2 * Prefetch.LineBytes));
                Prefetch.Line(in upcoming, (group * levels) + (3 * Prefetch.LineBytes));
            }

            sums = AddGroup(sums, in row, padded, group, in x);
            x = ref At(in x, GroupBytes);
        }

        total = sums;
    }

    /// <summary>The loop over groups of some rows in turn, which lie at offsets from an origin; those upcoming are prefetched.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddGroups(
        ref readonly byte origin, ReadOnlySpan<nint> offsets, ref readonly nint upcoming, ref readonly byte x, int padded,
        ref Vector256<float> sums)
    {
        int groups = padded / GroupOrder.Columns, levels = TCodec.LevelBytes(GroupOrder.Columns);
        for (int group = 0; group < groups; group++)
        {
            for (int i = 0; i < offsets.Length; i++)
            {
                ref readonly byte ahead = ref At(in origin, Unsafe.Add(ref Unsafe.AsRef(in upcoming), i));
                Prefetch.Line(in ahead, group * levels);
                Prefetch.Line(in ahead, (group * levels) + Prefetch.LineBytes);
                if (levels > 2 * Prefetch.LineBytes)
                {
                    Prefetch.Line(in ahead, (group * levels) + (2 * Prefetch.LineBytes));
                    Prefetch.Line(in ahead, (group * levels) + (3 * Prefetch.LineBytes));
                }
                if (group % GroupsOfScaleLine == 0)
                    Prefetch.Line(in ahead, TCodec.ScaleBytes(padded, group));
                ref Vector256<float> sum = ref Unsafe.Add(ref sums, i);
                sum = AddGroup(sum, in At(in origin, offsets[i]), padded, group, in x);
            }

            x = ref At(in x, GroupBytes);
        }
    }

    /// <summary>Adds a group's terms to one sum. Levels are unpacked as they are multiplied, so that registers are left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> AddGroup(
        Vector256<float> sums, ref readonly byte row, int padded, int group, ref readonly byte x)
    {
        Vector256<float> scales = TCodec.Scales(in row, padded, group);
        ref readonly sbyte q = ref Unsafe.As<byte, sbyte>(ref Unsafe.AsRef(in x));
        if (TCodec.Terms == BlockTerms.Halves)
        {
            TBytes first = TBytes.AddSignedFours(TBytes.Zero, TCodec.Levels<TBytes>(in row, padded, group, 0), in q);
            first = TBytes.AddSignedFours(first, TCodec.Levels<TBytes>(in row, padded, group, 1), in UnitOf(in q, 1));
            TBytes second = TBytes.AddSignedFours(TBytes.Zero, TCodec.Levels<TBytes>(in row, padded, group, 2), in UnitOf(in q, 2));
            second = TBytes.AddSignedFours(second, TCodec.Levels<TBytes>(in row, padded, group, 3), in UnitOf(in q, 3));
            Vector256<float> seconds = TCodec.Seconds(in row, padded, group);
            return AddHalves(sums, TBytes.FoldInt32(first), TBytes.FoldInt32(second), scales, seconds, in x);
        }

        // Units 0 and 2 are the halves of the same bytes, where levels have 4 bits.
        TBytes dots = Multiply(TBytes.Zero, TCodec.Levels<TBytes>(in row, padded, group, 0), in q);
        dots = Multiply(dots, TCodec.Levels<TBytes>(in row, padded, group, 2), in UnitOf(in q, 2));
        dots = Multiply(dots, TCodec.Levels<TBytes>(in row, padded, group, 1), in UnitOf(in q, 1));
        dots = Multiply(dots, TCodec.Levels<TBytes>(in row, padded, group, 3), in UnitOf(in q, 3));
        return AddWhole(sums, Fold(dots), scales, TCodec.Seconds(in row, padded, group), in x);
    }

    /// <summary>The same with levels that are unpacked.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Add(
        Vector256<float> sums, TBytes w0, TBytes w1, TBytes w2, TBytes w3, Vector256<float> scales, Vector256<float> seconds,
        ref readonly byte x)
    {
        ref readonly sbyte q = ref Unsafe.As<byte, sbyte>(ref Unsafe.AsRef(in x));
        if (TCodec.Terms == BlockTerms.Halves)
        {
            TBytes first = TBytes.AddSignedFours(TBytes.AddSignedFours(TBytes.Zero, w0, in q), w1, in UnitOf(in q, 1));
            TBytes second = TBytes.AddSignedFours(TBytes.AddSignedFours(TBytes.Zero, w2, in UnitOf(in q, 2)), w3, in UnitOf(in q, 3));
            return AddHalves(sums, TBytes.FoldInt32(first), TBytes.FoldInt32(second), scales, seconds, in x);
        }

        TBytes dots = Multiply(Multiply(TBytes.Zero, w0, in q), w1, in UnitOf(in q, 1));
        return AddWhole(sums, Fold(Multiply(Multiply(dots, w2, in UnitOf(in q, 2)), w3, in UnitOf(in q, 3))), scales, seconds, in x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> AddHalves(
        Vector256<float> sums, Vector256<int> first, Vector256<int> second, Vector256<float> scales, Vector256<float> seconds,
        ref readonly byte x)
    {
        Vector256<float> xScales = ScalesOf(in x);
        sums = Vector256.FusedMultiplyAdd(scales * xScales, Vector256.ConvertToSingle(first), sums);
        return Vector256.FusedMultiplyAdd(seconds * xScales, Vector256.ConvertToSingle(second), sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> AddWhole(
        Vector256<float> sums, Vector256<int> dots, Vector256<float> scales, Vector256<float> seconds, ref readonly byte x)
    {
        if (TCodec.IsAbove)
            dots -= SumsOf(in x) << 3;
        sums = Vector256.FusedMultiplyAdd(scales * ScalesOf(in x), Vector256.ConvertToSingle(dots), sums);
        return TCodec.Terms == BlockTerms.Minimum
            ? Vector256.FusedMultiplyAdd(-(seconds * ScalesOf(in x)), Vector256.ConvertToSingle(SumsOf(in x)), sums)
            : sums;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TBytes Multiply(TBytes sums, TBytes levels, ref readonly sbyte q) =>
        TCodec.IsSmall ? TBytes.AddFours(sums, levels, in q) : TBytes.AddSignedFours(sums, levels, in q);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Fold(TBytes sums) => TCodec.IsSmall ? TBytes.FoldFours(sums) : TBytes.FoldInt32(sums);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref readonly sbyte UnitOf(ref readonly sbyte q, int unit) => ref Unsafe.Add(ref Unsafe.AsRef(in q), unit * UnitBytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> ScalesOf(ref readonly byte x) =>
        Vector256.LoadUnsafe(in Unsafe.As<byte, float>(ref Unsafe.AsRef(in At(in x, QuantizedInput.ScalesAt))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> SumsOf(ref readonly byte x) =>
        Vector256.LoadUnsafe(in Unsafe.As<byte, int>(ref Unsafe.AsRef(in At(in x, QuantizedInput.SumsAt))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref readonly byte At(ref readonly byte origin, nint offset) => ref Unsafe.Add(ref Unsafe.AsRef(in origin), offset);
}

/// <summary>Room for a row of one group, of any format.</summary>
[InlineArray(GroupOrder.Columns + 32)]
internal struct LastGroup
{
    private byte _first;
}
