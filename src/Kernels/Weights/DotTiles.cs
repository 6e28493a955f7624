using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Neuralink.Kernels;

/// <summary>
/// The register tiles of the matrix products: several (row, x) sums side by side, each in the canonical order of
/// <see cref="ILanes{TSelf}"/>, one accumulator a sum. A tile hides the latency of the multiply-add and uses a decoded weight for
/// several columns and a loaded x for several rows; it never changes a sum's bits.
/// </summary>
[SkipLocalsInit]
internal static partial class DotTiles<TCodec, TLanes>
    where TCodec : struct, IWeightCodec
    where TLanes : struct, ILanes<TLanes>
{
    private const int Lanes = ILanes<TLanes>.Count;

    /// <summary>One sum.</summary>
    public static float Dot(ref readonly byte row, ref readonly float x, int columns)
    {
        Unsafe.SkipInit(out Tail wTail);
        Unsafe.SkipInit(out Tail xTail);
        if (columns % Lanes != 0)
        {
            CopyTail(in row, columns, out wTail);
            CopyTail(in x, columns, out xTail);
        }

        TLanes sum = TLanes.Zero;
        int c = 0;
        for (; c <= columns - Lanes; c += Lanes)
            sum = TLanes.FusedMultiplyAdd(W(in row, c), X(in x, c), sum);

        if (c < columns)
            sum = TLanes.FusedMultiplyAdd(W(ref wTail), X(ref xTail), sum);

        return TLanes.Sum(sum);
    }

    /// <summary>Two sums with one x; meanwhile two rows that are read soon after are prefetched.</summary>
    private static void DotTwo(
        ref readonly byte w0, ref readonly byte w1, ref readonly byte u0, ref readonly byte u1, ref readonly float x, int columns,
        ref float y)
    {
        Unsafe.SkipInit(out Tail w0Tail);
        Unsafe.SkipInit(out Tail w1Tail);
        Unsafe.SkipInit(out Tail xTail);
        if (columns % Lanes != 0)
        {
            CopyTail(in w0, columns, out w0Tail);
            CopyTail(in w1, columns, out w1Tail);
            CopyTail(in x, columns, out xTail);
        }

        TLanes s0 = TLanes.Zero, s1 = TLanes.Zero;
        int c = 0;
        for (; c <= columns - (2 * Lanes); c += 2 * Lanes)
        {
            Prefetch.Weights<TCodec>(in u0, c);
            Prefetch.Weights<TCodec>(in u1, c);
            TLanes v = X(in x, c);
            s0 = TLanes.FusedMultiplyAdd(W(in w0, c), v, s0);
            s1 = TLanes.FusedMultiplyAdd(W(in w1, c), v, s1);
            v = X(in x, c + Lanes);
            s0 = TLanes.FusedMultiplyAdd(W(in w0, c + Lanes), v, s0);
            s1 = TLanes.FusedMultiplyAdd(W(in w1, c + Lanes), v, s1);
        }

        if (c <= columns - Lanes)
        {
            TLanes v = X(in x, c);
            s0 = TLanes.FusedMultiplyAdd(W(in w0, c), v, s0);
            s1 = TLanes.FusedMultiplyAdd(W(in w1, c), v, s1);
            c += Lanes;
        }

        if (c < columns)
        {
            TLanes v = X(ref xTail);
            s0 = TLanes.FusedMultiplyAdd(W(ref w0Tail), v, s0);
            s1 = TLanes.FusedMultiplyAdd(W(ref w1Tail), v, s1);
        }

        y = TLanes.Sum(s0);
        Unsafe.Add(ref y, 1) = TLanes.Sum(s1);
    }

    /// <summary>All rows of a block against one x: four rows at a time where the registers hold their sums, else two.</summary>
    public static void RowsByOne(ref byte rows, ref float x, ref float y, MatMulShape shape)
    {
        // Four rows on lies what is read next.
        nint rowBytes = (nint)shape.Columns * TCodec.WeightBytes, ahead = 4 * rowBytes;
        int r = 0;
        for (; TLanes.HoldsWideTiles && r <= shape.RowCount - 4; r += 4)
        {
            ref byte first = ref Unsafe.Add(ref rows, r * rowBytes), third = ref Unsafe.Add(ref first, 2 * rowBytes);
            RowFour four = new(in first, in Unsafe.Add(ref first, rowBytes), in third, in Unsafe.Add(ref third, rowBytes));
            Tile4x1(four, four.At(ahead), in x, shape.Columns, ref Unsafe.Add(ref y, r));
        }

        for (; r <= shape.RowCount - 2; r += 2)
        {
            ref byte w0 = ref Unsafe.Add(ref rows, r * rowBytes), w1 = ref Unsafe.Add(ref w0, rowBytes);
            DotTwo(
                in w0, in w1, in Unsafe.Add(ref w0, ahead), in Unsafe.Add(ref w1, ahead), in x, shape.Columns,
                ref Unsafe.Add(ref y, r));
        }

        for (; r < shape.RowCount; r++)
            Unsafe.Add(ref y, r) = Dot(in Unsafe.Add(ref rows, r * rowBytes), in x, shape.Columns);
    }

    /// <summary>The same of rows that lie anywhere.</summary>
    public static void RowsByOne(ScatteredRows rows, ref readonly float x, ref float y, int columns)
    {
        int r = 0;
        for (; TLanes.HoldsWideTiles && r <= rows.Count - 4; r += 4)
            Tile4x1(rows.Four(r), rows.UpcomingFour(r), in x, columns, ref Unsafe.Add(ref y, r));

        for (; r <= rows.Count - 2; r += 2)
        {
            DotTwo(
                in rows[r], in rows[r + 1], in rows.Upcoming(r, 2), in rows.Upcoming(r + 1, 2), in x, columns,
                ref Unsafe.Add(ref y, r));
        }

        for (; r < rows.Count; r++)
            Unsafe.Add(ref y, r) = Dot(in rows[r], in x, columns);
    }

    /// <summary>All rows of a block against two x, two rows at a time.</summary>
    public static void RowsByTwo(ref byte rows, ref float x, ref float y, MatMulShape shape)
    {
        nint rowBytes = (nint)shape.Columns * TCodec.WeightBytes;
        int r = 0;
        for (; r <= shape.RowCount - 2; r += 2)
            Tile2x2(ref Unsafe.Add(ref rows, r * rowBytes), ref x, ref Unsafe.Add(ref y, r), shape);

        if (r < shape.RowCount)
        {
            ref byte w = ref Unsafe.Add(ref rows, r * rowBytes);
            Unsafe.Add(ref y, r) = Dot(in w, in x, shape.Columns);
            Unsafe.Add(ref y, r + (nint)shape.OutputStride) = Dot(in w, in Unsafe.Add(ref x, shape.Columns), shape.Columns);
        }
    }

    /// <summary>All rows of a block against four x, two rows at a time.</summary>
    public static void RowsByFour(ref byte rows, ref float x, ref float y, MatMulShape shape)
    {
        nint rowBytes = (nint)shape.Columns * TCodec.WeightBytes;
        int r = 0;
        for (; r <= shape.RowCount - 2; r += 2)
            Tile2x4(ref Unsafe.Add(ref rows, r * rowBytes), ref x, ref Unsafe.Add(ref y, r), shape);

        if (r < shape.RowCount)
        {
            ref float x1 = ref Unsafe.Add(ref x, shape.Columns), x2 = ref Unsafe.Add(ref x1, shape.Columns);
            ref float x3 = ref Unsafe.Add(ref x2, shape.Columns);
            Vector128<float> sums = Tile1x4(in Unsafe.Add(ref rows, r * rowBytes), in x, in x1, in x2, in x3, shape.Columns);
            for (int b = 0; b < 4; b++)
                Unsafe.Add(ref y, r + ((nint)b * shape.OutputStride)) = sums[b];
        }
    }

    private static void Tile4x1(RowFour rows, RowFour upcoming, ref readonly float x, int columns, ref float y)
    {
        ref readonly byte w0 = ref rows.Row0, w1 = ref rows.Row1, w2 = ref rows.Row2, w3 = ref rows.Row3;
        ref readonly byte u0 = ref upcoming.Row0, u1 = ref upcoming.Row1, u2 = ref upcoming.Row2, u3 = ref upcoming.Row3;
        Unsafe.SkipInit(out Tail w0Tail);
        Unsafe.SkipInit(out Tail w1Tail);
        Unsafe.SkipInit(out Tail w2Tail);
        Unsafe.SkipInit(out Tail w3Tail);
        Unsafe.SkipInit(out Tail xTail);
        if (columns % Lanes != 0)
        {
            CopyTail(in w0, columns, out w0Tail);
            CopyTail(in w1, columns, out w1Tail);
            CopyTail(in w2, columns, out w2Tail);
            CopyTail(in w3, columns, out w3Tail);
            CopyTail(in x, columns, out xTail);
        }

        TLanes s0 = TLanes.Zero, s1 = TLanes.Zero, s2 = TLanes.Zero, s3 = TLanes.Zero;
        int c = 0;
        for (; c <= columns - Lanes; c += Lanes)
        {
            TLanes v = X(in x, c);
            Prefetch.Line(in u0, (nint)c * TCodec.WeightBytes);
            s0 = TLanes.FusedMultiplyAdd(W(in w0, c), v, s0);
            Prefetch.Line(in u1, (nint)c * TCodec.WeightBytes);
            s1 = TLanes.FusedMultiplyAdd(W(in w1, c), v, s1);
            Prefetch.Line(in u2, (nint)c * TCodec.WeightBytes);
            s2 = TLanes.FusedMultiplyAdd(W(in w2, c), v, s2);
            Prefetch.Line(in u3, (nint)c * TCodec.WeightBytes);
            s3 = TLanes.FusedMultiplyAdd(W(in w3, c), v, s3);
        }

        if (c < columns)
        {
            TLanes v = X(ref xTail);
            s0 = TLanes.FusedMultiplyAdd(W(ref w0Tail), v, s0);
            s1 = TLanes.FusedMultiplyAdd(W(ref w1Tail), v, s1);
            s2 = TLanes.FusedMultiplyAdd(W(ref w2Tail), v, s2);
            s3 = TLanes.FusedMultiplyAdd(W(ref w3Tail), v, s3);
        }

        y = TLanes.Sum(s0);
        Unsafe.Add(ref y, 1) = TLanes.Sum(s1);
        Unsafe.Add(ref y, 2) = TLanes.Sum(s2);
        Unsafe.Add(ref y, 3) = TLanes.Sum(s3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes W(ref readonly byte row, int column)
        => TCodec.Load<TLanes>(in Unsafe.Add(ref Unsafe.AsRef(in row), (nint)column * TCodec.WeightBytes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes X(ref readonly float x, int column) => TLanes.Load(in Unsafe.Add(ref Unsafe.AsRef(in x), (nint)column));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes W(ref Tail tail) => TCodec.Load<TLanes>(in Unsafe.As<Tail, byte>(ref tail));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes X(ref Tail tail) => TLanes.Load(in Unsafe.As<Tail, float>(ref tail));

    // A tail is padded with zeros: fma(0, 0, s) = s, so it joins the lanes it belongs to and leaves the others alone. Tails are copied
    // before a loop, not after it: a call after it, taken or not, would make the JIT keep the sums in memory during the loop.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void CopyTail(ref readonly byte row, int columns, out Tail tail)
    {
        tail = default;
        int count = columns % Lanes;
        Unsafe.CopyBlockUnaligned(
            ref Unsafe.As<Tail, byte>(ref tail),
            in Unsafe.Add(ref Unsafe.AsRef(in row), (nint)(columns - count) * TCodec.WeightBytes),
            (uint)(count * TCodec.WeightBytes));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void CopyTail(ref readonly float x, int columns, out Tail tail)
    {
        tail = default;
        int count = columns % Lanes;
        Unsafe.CopyBlockUnaligned(
            ref Unsafe.As<Tail, byte>(ref tail),
            in Unsafe.As<float, byte>(ref Unsafe.Add(ref Unsafe.AsRef(in x), (nint)(columns - count))),
            (uint)(count * sizeof(float)));
    }

    /// <summary>Sixteen float32 values, the largest a block of 16 weights gets.</summary>
    [InlineArray(Lanes * sizeof(float))]
    private struct Tail
    {
        private byte _first;
    }
}
