using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Neuralink.Kernels;

/// <content>The tiles for more than one x: rows by columns of accumulators.</content>
internal static partial class DotTiles<TCodec, TLanes>
{
    private static void Tile2x2(ref byte rows, ref float x, ref float y, MatMulShape shape)
    {
        int columns = shape.Columns;
        ref byte w0 = ref rows;
        ref byte w1 = ref Unsafe.Add(ref w0, (nint)columns * TCodec.WeightBytes);
        ref float x0 = ref x;
        ref float x1 = ref Unsafe.Add(ref x0, columns);
        Unsafe.SkipInit(out Tail w0Tail);
        Unsafe.SkipInit(out Tail w1Tail);
        Unsafe.SkipInit(out Tail x0Tail);
        Unsafe.SkipInit(out Tail x1Tail);
        if (columns % Lanes != 0)
        {
            CopyTail(in w0, columns, out w0Tail);
            CopyTail(in w1, columns, out w1Tail);
            CopyTail(in x0, columns, out x0Tail);
            CopyTail(in x1, columns, out x1Tail);
        }

        TLanes s00 = TLanes.Zero, s01 = TLanes.Zero, s10 = TLanes.Zero, s11 = TLanes.Zero;
        int c = 0;
        for (; c <= columns - Lanes; c += Lanes)
        {
            TLanes r0 = W(in w0, c), r1 = W(in w1, c);
            TLanes v0 = X(in x0, c), v1 = X(in x1, c);
            s00 = TLanes.FusedMultiplyAdd(r0, v0, s00);
            s01 = TLanes.FusedMultiplyAdd(r0, v1, s01);
            s10 = TLanes.FusedMultiplyAdd(r1, v0, s10);
            s11 = TLanes.FusedMultiplyAdd(r1, v1, s11);
        }

        if (c < columns)
        {
            TLanes r0 = W(ref w0Tail), r1 = W(ref w1Tail);
            TLanes v0 = X(ref x0Tail), v1 = X(ref x1Tail);
            s00 = TLanes.FusedMultiplyAdd(r0, v0, s00);
            s01 = TLanes.FusedMultiplyAdd(r0, v1, s01);
            s10 = TLanes.FusedMultiplyAdd(r1, v0, s10);
            s11 = TLanes.FusedMultiplyAdd(r1, v1, s11);
        }

        Put(s00, s10, ref y);
        Put(s01, s11, ref Unsafe.Add(ref y, shape.OutputStride));
    }

    private static void Tile2x4(ref byte rows, ref float x, ref float y, MatMulShape shape)
    {
        int columns = shape.Columns;
        ref byte w0 = ref rows;
        ref byte w1 = ref Unsafe.Add(ref w0, (nint)columns * TCodec.WeightBytes);
        ref float x0 = ref x;
        ref float x1 = ref Unsafe.Add(ref x0, columns);
        ref float x2 = ref Unsafe.Add(ref x1, columns);
        ref float x3 = ref Unsafe.Add(ref x2, columns);
        Unsafe.SkipInit(out Tail w0Tail);
        Unsafe.SkipInit(out Tail w1Tail);
        Unsafe.SkipInit(out Tail x0Tail);
        Unsafe.SkipInit(out Tail x1Tail);
        Unsafe.SkipInit(out Tail x2Tail);
        Unsafe.SkipInit(out Tail x3Tail);
        if (columns % Lanes != 0)
        {
            CopyTail(in w0, columns, out w0Tail);
            CopyTail(in w1, columns, out w1Tail);
            CopyTail(in x0, columns, out x0Tail);
            CopyTail(in x1, columns, out x1Tail);
            CopyTail(in x2, columns, out x2Tail);
            CopyTail(in x3, columns, out x3Tail);
        }

        TLanes s00 = TLanes.Zero, s01 = TLanes.Zero, s02 = TLanes.Zero, s03 = TLanes.Zero;
        TLanes s10 = TLanes.Zero, s11 = TLanes.Zero, s12 = TLanes.Zero, s13 = TLanes.Zero;
        int c = 0;
        for (; c <= columns - Lanes; c += Lanes)
        {
            TLanes r0 = W(in w0, c), r1 = W(in w1, c);
            TLanes v = X(in x0, c);
            s00 = TLanes.FusedMultiplyAdd(r0, v, s00);
            s10 = TLanes.FusedMultiplyAdd(r1, v, s10);
            v = X(in x1, c);
            s01 = TLanes.FusedMultiplyAdd(r0, v, s01);
            s11 = TLanes.FusedMultiplyAdd(r1, v, s11);
            v = X(in x2, c);
            s02 = TLanes.FusedMultiplyAdd(r0, v, s02);
            s12 = TLanes.FusedMultiplyAdd(r1, v, s12);
            v = X(in x3, c);
            s03 = TLanes.FusedMultiplyAdd(r0, v, s03);
            s13 = TLanes.FusedMultiplyAdd(r1, v, s13);
        }

        if (c < columns)
        {
            TLanes r0 = W(ref w0Tail), r1 = W(ref w1Tail);
            TLanes v = X(ref x0Tail);
            s00 = TLanes.FusedMultiplyAdd(r0, v, s00);
            s10 = TLanes.FusedMultiplyAdd(r1, v, s10);
            v = X(ref x1Tail);
            s01 = TLanes.FusedMultiplyAdd(r0, v, s01);
            s11 = TLanes.FusedMultiplyAdd(r1, v, s11);
            v = X(ref x2Tail);
            s02 = TLanes.FusedMultiplyAdd(r0, v, s02);
            s12 = TLanes.FusedMultiplyAdd(r1, v, s12);
            v = X(ref x3Tail);
            s03 = TLanes.FusedMultiplyAdd(r0, v, s03);
            s13 = TLanes.FusedMultiplyAdd(r1, v, s13);
        }

        nint stride = shape.OutputStride;
        Put(s00, s10, ref y);
        Put(s01, s11, ref Unsafe.Add(ref y, stride));
        Put(s02, s12, ref Unsafe.Add(ref y, stride * 2));
        Put(s03, s13, ref Unsafe.Add(ref y, stride * 3));
    }

    /// <summary>One row with four x that lie anywhere.</summary>
    public static Vector128<float> Tile1x4(
        ref readonly byte row, ref readonly float x0, ref readonly float x1, ref readonly float x2, ref readonly float x3, int columns)
    {
        Unsafe.SkipInit(out Tail rowTail);
        Unsafe.SkipInit(out Tail x0Tail);
        Unsafe.SkipInit(out Tail x1Tail);
        Unsafe.SkipInit(out Tail x2Tail);
        Unsafe.SkipInit(out Tail x3Tail);
        if (columns % Lanes != 0)
        {
            CopyTail(in row, columns, out rowTail);
            CopyTail(in x0, columns, out x0Tail);
            CopyTail(in x1, columns, out x1Tail);
            CopyTail(in x2, columns, out x2Tail);
            CopyTail(in x3, columns, out x3Tail);
        }

        TLanes s0 = TLanes.Zero, s1 = TLanes.Zero, s2 = TLanes.Zero, s3 = TLanes.Zero;
        int c = 0;
        for (; c <= columns - Lanes; c += Lanes)
        {
            TLanes w = W(in row, c);
            s0 = TLanes.FusedMultiplyAdd(w, X(in x0, c), s0);
            s1 = TLanes.FusedMultiplyAdd(w, X(in x1, c), s1);
            s2 = TLanes.FusedMultiplyAdd(w, X(in x2, c), s2);
            s3 = TLanes.FusedMultiplyAdd(w, X(in x3, c), s3);
        }

        if (c < columns)
        {
            TLanes w = W(ref rowTail);
            s0 = TLanes.FusedMultiplyAdd(w, X(ref x0Tail), s0);
            s1 = TLanes.FusedMultiplyAdd(w, X(ref x1Tail), s1);
            s2 = TLanes.FusedMultiplyAdd(w, X(ref x2Tail), s2);
            s3 = TLanes.FusedMultiplyAdd(w, X(ref x3Tail), s3);
        }

        return Vector128.Create(TLanes.Sum(s0), TLanes.Sum(s1), TLanes.Sum(s2), TLanes.Sum(s3));
    }

    private static void Put(TLanes row0, TLanes row1, ref float y)
    {
        y = TLanes.Sum(row0);
        Unsafe.Add(ref y, 1) = TLanes.Sum(row1);
    }
}
