using System.Runtime.CompilerServices;

namespace Neuralink.Kernels;

/// <summary>
/// Sums of a row of a block format and an input of 8 bits: one, two of rows that lie anywhere, or two by two.
/// <code>
/// lane i of 16 = sum over k of fma(scale, integer dot of columns 64 k + 4 i to 64 k + 4 i + 3), ascending
/// scale = w's scale * x's scale
/// sum = lanes folded in halves - the same of what unsigned levels are above the weights
/// </code>
/// The integer dots are exact, so a sum has the same bits in every tile and on every instruction set.
/// </summary>
[SkipLocalsInit]
internal static class BlockTiles<TCodec, TBytes, TLanes>
    where TCodec : struct, IBlockRowCodec
    where TBytes : struct, IByteLanes<TBytes>
    where TLanes : struct, ILanes<TLanes>
{
    // Columns whose scales are multiplied at a time, on the stack: a multiple of 512, for 16 lanes of blocks of 32.
    private const int ChunkColumns = 4096;

    private const int Step = 64, MinScaleColumns = 16;

    /// <summary>One sum.</summary>
    public static float Dot(ref readonly byte row, ref readonly byte x, int padded)
    {
        Unsafe.SkipInit(out Scales scales);
        ref float s = ref Unsafe.As<Scales, float>(ref scales);
        TBytes sums = TBytes.Zero;
        TLanes minima = TLanes.Zero;
        InputScales xScales = ScalesOf(in x, padded);
        for (int begin = 0; begin < padded; begin += ChunkColumns)
        {
            int end = Math.Min(padded, begin + ChunkColumns);
            TCodec.Scale(in row, xScales, begin, end, ref s, ref minima);
            for (int c = begin; c < end; c += TCodec.GroupColumns)
                sums = Group(sums, in row, padded, c, in At(in x, c), ref Unsafe.Add(ref s, (c - begin) / TCodec.ScaleColumns));
        }

        return TBytes.SumFloats(sums) - TLanes.Sum(minima);
    }

    /// <summary>Two sums with one x. Meanwhile two rows that are read soon after are prefetched.</summary>
    public static void DotTwo(
        ref readonly byte row0, ref readonly byte row1, ref readonly byte x, int padded, ref readonly byte upcoming0,
        ref readonly byte upcoming1, out float y0, out float y1)
    {
        Unsafe.SkipInit(out Scales scales0);
        Unsafe.SkipInit(out Scales scales1);
        ref float s0 = ref Unsafe.As<Scales, float>(ref scales0), s1 = ref Unsafe.As<Scales, float>(ref scales1);
        TBytes sums0 = TBytes.Zero, sums1 = TBytes.Zero;
        TLanes minima0 = TLanes.Zero, minima1 = TLanes.Zero;
        InputScales xScales = ScalesOf(in x, padded);
        for (int begin = 0; begin < padded; begin += ChunkColumns)
        {
            int end = Math.Min(padded, begin + ChunkColumns);
            TCodec.Scale(in row0, xScales, begin, end, ref s0, ref minima0);
            TCodec.Scale(in row1, xScales, begin, end, ref s1, ref minima1);
            Two two = new(in row0, in row1, in upcoming0, in upcoming1, ref s0, ref s1);
            AddChunk(two, in x, padded, begin, end, ref sums0, ref sums1);
        }

        y0 = TBytes.SumFloats(sums0) - TLanes.Sum(minima0);
        y1 = TBytes.SumFloats(sums1) - TLanes.Sum(minima1);
    }

    /// <summary>Four sums: two rows and two inputs, whose rows follow each other by the bytes given; y[b * stride + r].</summary>
    public static void DotFour(ref readonly byte rows, int rowBytes, ref readonly byte x, int xBytes, int padded, ref float y, int stride)
    {
        ref readonly byte row1 = ref At(in rows, rowBytes), x1 = ref At(in x, xBytes);
        Unsafe.SkipInit(out Scales scales00);
        Unsafe.SkipInit(out Scales scales01);
        Unsafe.SkipInit(out Scales scales10);
        Unsafe.SkipInit(out Scales scales11);
        ref float s00 = ref Unsafe.As<Scales, float>(ref scales00), s01 = ref Unsafe.As<Scales, float>(ref scales01);
        ref float s10 = ref Unsafe.As<Scales, float>(ref scales10), s11 = ref Unsafe.As<Scales, float>(ref scales11);
        TBytes sums00 = TBytes.Zero, sums01 = TBytes.Zero, sums10 = TBytes.Zero, sums11 = TBytes.Zero;
        TLanes m00 = TLanes.Zero, m01 = TLanes.Zero, m10 = TLanes.Zero, m11 = TLanes.Zero;
        InputScales of0 = ScalesOf(in x, padded), of1 = ScalesOf(in x1, padded);
        for (int begin = 0; begin < padded; begin += ChunkColumns)
        {
            int end = Math.Min(padded, begin + ChunkColumns);
            TCodec.Scale(in rows, of0, begin, end, ref s00, ref m00);
            TCodec.Scale(in rows, of1, begin, end, ref s01, ref m01);
            TCodec.Scale(in row1, of0, begin, end, ref s10, ref m10);
            TCodec.Scale(in row1, of1, begin, end, ref s11, ref m11);
            Two two = new(in rows, in row1, in x, in x1, ref s00, ref s10);
            AddChunk(two, ref s01, ref s11, padded, begin, end, ref sums00, ref sums01, ref sums10, ref sums11);
        }

        y = TBytes.SumFloats(sums00) - TLanes.Sum(m00);
        Unsafe.Add(ref y, 1) = TBytes.SumFloats(sums10) - TLanes.Sum(m10);
        Unsafe.Add(ref y, stride) = TBytes.SumFloats(sums01) - TLanes.Sum(m01);
        Unsafe.Add(ref y, stride + 1) = TBytes.SumFloats(sums11) - TLanes.Sum(m11);
    }

    /// <summary>The loop of <see cref="DotTwo"/>, without calls: around them the compiler would keep the sums in memory.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddChunk(Two rows, ref readonly byte x, int padded, int begin, int end, ref TBytes total0, ref TBytes total1)
    {
        TBytes sums0 = total0, sums1 = total1;
        ref readonly byte row0 = ref rows.First, row1 = ref rows.Second;
        ref float s0 = ref rows.Scales0, s1 = ref rows.Scales1;
        for (int c = begin; c < end; c += TCodec.GroupColumns)
        {
            int at = TCodec.LevelBytes(c);
            Prefetch.Line(in rows.Third, at);
            Prefetch.Line(in rows.Fourth, at);
            if (TCodec.GroupColumns > 2 * Step)
            {
                Prefetch.Line(in rows.Third, at + Step);
                Prefetch.Line(in rows.Fourth, at + Step);
            }

            ref readonly byte q = ref At(in x, c);
            sums0 = Group(sums0, in row0, padded, c, in q, ref s0);
            sums1 = Group(sums1, in row1, padded, c, in q, ref s1);
            s0 = ref Unsafe.Add(ref s0, TCodec.GroupColumns / TCodec.ScaleColumns);
            s1 = ref Unsafe.Add(ref s1, TCodec.GroupColumns / TCodec.ScaleColumns);
        }

        (total0, total1) = (sums0, sums1);
    }

    /// <summary>The loop of <see cref="DotFour"/>: rows First and Second, inputs Third and Fourth.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddChunk(
        Two of, ref float scales01, ref float scales11, int padded, int begin, int end, ref TBytes total00, ref TBytes total01,
        ref TBytes total10, ref TBytes total11)
    {
        TBytes sums00 = total00, sums01 = total01, sums10 = total10, sums11 = total11;
        ref readonly byte row0 = ref of.First, row1 = ref of.Second, x0 = ref of.Third, x1 = ref of.Fourth;
        ref float s00 = ref of.Scales0, s10 = ref of.Scales1;
        for (int c = begin; c < end; c += Step)
        {
            int group = c / TCodec.GroupColumns * TCodec.GroupColumns, scale = (c - begin) / TCodec.ScaleColumns;
            TBytes w0 = LevelsAt(in row0, padded, group, c), w1 = LevelsAt(in row1, padded, group, c);
            ref readonly byte q0 = ref At(in x0, c), q1 = ref At(in x1, c);
            sums00 = Add(sums00, w0, in q0, ref Unsafe.Add(ref s00, scale));
            sums01 = Add(sums01, w0, in q1, ref Unsafe.Add(ref scales01, scale));
            sums10 = Add(sums10, w1, in q0, ref Unsafe.Add(ref s10, scale));
            sums11 = Add(sums11, w1, in q1, ref Unsafe.Add(ref scales11, scale));
        }

        (total00, total01, total10, total11) = (sums00, sums01, sums10, sums11);
    }

    /// <summary>Adds the products of a group. The steps are written out, so that each has its shifts as constants.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TBytes Group(TBytes sums, ref readonly byte row, int padded, int column, ref readonly byte x, ref float scales)
    {
        sums = Add(sums, TCodec.Levels<TBytes>(in row, padded, column, 0), in x, ref scales);
        if (TCodec.GroupColumns > Step)
            sums = Add(sums, TCodec.Levels<TBytes>(in row, padded, column, 1), in At(in x, Step), ref ScaleOf(ref scales, 1));
        if (TCodec.GroupColumns > 2 * Step)
        {
            sums = Add(sums, TCodec.Levels<TBytes>(in row, padded, column, 2), in At(in x, 2 * Step), ref ScaleOf(ref scales, 2));
            sums = Add(sums, TCodec.Levels<TBytes>(in row, padded, column, 3), in At(in x, 3 * Step), ref ScaleOf(ref scales, 3));
        }

        return sums;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TBytes LevelsAt(ref readonly byte row, int padded, int group, int column)
    {
        if (TCodec.GroupColumns == Step)
            return TCodec.Levels<TBytes>(in row, padded, column, 0);

        return ((column - group) / Step) switch
        {
            0 => TCodec.Levels<TBytes>(in row, padded, group, 0),
            1 => TCodec.Levels<TBytes>(in row, padded, group, 1),
            2 => TCodec.Levels<TBytes>(in row, padded, group, 2),
            _ => TCodec.Levels<TBytes>(in row, padded, group, 3),
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TBytes Add(TBytes sums, TBytes levels, ref readonly byte x, ref float scales)
    {
        ref readonly sbyte values = ref Unsafe.As<byte, sbyte>(ref Unsafe.AsRef(in x));
        TBytes dots = TCodec.IsSigned ? TBytes.DotSignedFours(levels, in values) : TBytes.DotFours(levels, in values);
        return TCodec.ScaleColumns == MinScaleColumns
            ? TBytes.AddScaledFours(sums, dots, in scales)
            : TBytes.AddScaledEights(sums, dots, in scales);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref float ScaleOf(ref float scales, int step) => ref Unsafe.Add(ref scales, step * (Step / TCodec.ScaleColumns));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref readonly byte At(ref readonly byte origin, int offset) => ref Unsafe.Add(ref Unsafe.AsRef(in origin), offset);

    /// <summary>Where a row of <see cref="QuantizedInput"/> has its scales; it is padded to more columns than most formats' rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static InputScales ScalesOf(ref readonly byte x, int padded)
    {
        int xPadded = QuantizedInput.Padded(padded);
        ref float scales = ref Unsafe.As<byte, float>(ref Unsafe.Add(ref Unsafe.AsRef(in x), xPadded));
        return new(in scales, in Unsafe.Add(ref scales, xPadded / QuantizedInput.BlockColumns), padded);
    }

    /// <summary>Two rows, two more places, and the scales of two sums.</summary>
    private readonly ref struct Two
    {
        public readonly ref readonly byte First;
        public readonly ref readonly byte Second;
        public readonly ref readonly byte Third;
        public readonly ref readonly byte Fourth;
        public readonly ref float Scales0;
        public readonly ref float Scales1;

        public Two(
            ref readonly byte first, ref readonly byte second, ref readonly byte third, ref readonly byte fourth, ref float scales0,
            ref float scales1)
        {
            First = ref first;
            Second = ref second;
            Third = ref third;
            Fourth = ref fourth;
            Scales0 = ref scales0;
            Scales1 = ref scales1;
        }
    }

    [InlineArray(ChunkColumns / MinScaleColumns)]
    private struct Scales
    {
        private float _first;
    }
}
