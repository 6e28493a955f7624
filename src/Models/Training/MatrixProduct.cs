using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Neuralink.Models.Training;

/// <summary>
/// C = A B, or C += A B, in float32. Vectors lie along the rows of B and C, so nothing is summed across lanes; A is read value by value
/// with any two strides, so a transposed A needs no copy. Each value is one sum in the order of k, whatever the tile it falls in. What is
/// multiplied again and again (B) should fit the second-level cache: callers cut it into panels of <see cref="PanelColumns"/>.
/// </summary>
/// <remarks>Without 512-bit vectors the JIT makes two or four narrower ones of each: right, but slower.</remarks>
internal static class MatrixProduct
{
    /// <summary>Columns of the widest tile: 4 vectors, with 4 rows 16 sums in registers.</summary>
    public const int PanelColumns = 64;

    /// <summary>Columns of C are a multiple of this.</summary>
    public const int ColumnMultiple = 16;

    private const int TileRows = 4;

    /// <summary><paramref name="columns"/> with the padding that rows need.</summary>
    public static int Padded(int columns) => (columns + ColumnMultiple - 1) / ColumnMultiple * ColumnMultiple;

    /// <summary>c[i, j] = (add ? c[i, j] : 0) + sum over t of a[i * aRow + t * aStep] * b[t * bRow + j].</summary>
    /// <param name="a">A [m, k], by its strides.</param>
    /// <param name="b">B [k, n], rows <c>bRow</c> apart.</param>
    /// <param name="c">C [m, n], rows <c>cRow</c> apart.</param>
    /// <param name="shape">The sizes and strides.</param>
    /// <param name="add">Whether C is added to.</param>
    public static void Multiply(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> c, ProductShape shape, bool add)
    {
        Validate(a.Length, b.Length, c.Length, shape);
        if (shape.Rows == 0 || shape.Columns == 0)
            return;
        ref float c0 = ref MemoryMarshal.GetReference(c);
        if (!add)
        {
            for (int i = 0; i < shape.Rows; i++)
                c.Slice(i * shape.CRow, shape.Columns).Clear();
        }
        if (shape.Inner == 0)
            return;
        ref float a0 = ref MemoryMarshal.GetReference(a);
        ref float b0 = ref MemoryMarshal.GetReference(b);
        int j = 0;
        for (; j <= shape.Columns - PanelColumns; j += PanelColumns)
        {
            int i = 0;
            for (; i <= shape.Rows - TileRows; i += TileRows)
            {
                Tile4x4(
                    ref Unsafe.Add(ref a0, (nint)i * shape.ARow), ref Unsafe.Add(ref b0, j),
                    ref Unsafe.Add(ref c0, ((nint)i * shape.CRow) + j), shape);
            }
            for (; i < shape.Rows; i++)
            {
                for (int v = 0; v < PanelColumns; v += ColumnMultiple)
                {
                    Tile1x1(
                        ref Unsafe.Add(ref a0, (nint)i * shape.ARow), ref Unsafe.Add(ref b0, j + v),
                        ref Unsafe.Add(ref c0, ((nint)i * shape.CRow) + j + v), shape);
                }
            }
        }
        for (; j < shape.Columns; j += ColumnMultiple)
        {
            int i = 0;
            for (; i <= shape.Rows - TileRows; i += TileRows)
            {
                Tile4x1(
                    ref Unsafe.Add(ref a0, (nint)i * shape.ARow), ref Unsafe.Add(ref b0, j),
                    ref Unsafe.Add(ref c0, ((nint)i * shape.CRow) + j), shape);
            }
            for (; i < shape.Rows; i++)
            {
                Tile1x1(
                    ref Unsafe.Add(ref a0, (nint)i * shape.ARow), ref Unsafe.Add(ref b0, j),
                    ref Unsafe.Add(ref c0, ((nint)i * shape.CRow) + j), shape);
            }
        }
    }

    /// <summary>The formula, plainly.</summary>
    internal static void Reference(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> c, ProductShape s, bool add)
    {
        for (int i = 0; i < s.Rows; i++)
        {
            for (int j = 0; j < s.Columns; j++)
            {
                double sum = add ? c[(i * s.CRow) + j] : 0;
                for (int t = 0; t < s.Inner; t++)
                    sum += (double)a[(i * s.ARow) + (t * s.AStep)] * b[(t * s.BRow) + j];
                c[(i * s.CRow) + j] = (float)sum;
            }
        }
    }

    private static void Tile4x4(ref float a, ref float b, ref float c, ProductShape s)
    {
        ref float c1 = ref Unsafe.Add(ref c, s.CRow);
        ref float c2 = ref Unsafe.Add(ref c, 2 * (nint)s.CRow);
        ref float c3 = ref Unsafe.Add(ref c, 3 * (nint)s.CRow);
        Vector512<float> s00 = At(ref c, 0), s01 = At(ref c, 16), s02 = At(ref c, 32), s03 = At(ref c, 48);
        Vector512<float> s10 = At(ref c1, 0), s11 = At(ref c1, 16), s12 = At(ref c1, 32), s13 = At(ref c1, 48);
        Vector512<float> s20 = At(ref c2, 0), s21 = At(ref c2, 16), s22 = At(ref c2, 32), s23 = At(ref c2, 48);
        Vector512<float> s30 = At(ref c3, 0), s31 = At(ref c3, 16), s32 = At(ref c3, 32), s33 = At(ref c3, 48);
        nint row = s.ARow, step = s.AStep, bRow = s.BRow;
        for (int t = s.Inner; t > 0; t--)
        {
            Vector512<float> b0 = At(ref b, 0), b1 = At(ref b, 16), b2 = At(ref b, 32), b3 = At(ref b, 48);
            Vector512<float> x = Vector512.Create(a);
            s00 = Vector512.FusedMultiplyAdd(x, b0, s00);
            s01 = Vector512.FusedMultiplyAdd(x, b1, s01);
            s02 = Vector512.FusedMultiplyAdd(x, b2, s02);
            s03 = Vector512.FusedMultiplyAdd(x, b3, s03);
            x = Vector512.Create(Unsafe.Add(ref a, row));
            s10 = Vector512.FusedMultiplyAdd(x, b0, s10);
            s11 = Vector512.FusedMultiplyAdd(x, b1, s11);
            s12 = Vector512.FusedMultiplyAdd(x, b2, s12);
            s13 = Vector512.FusedMultiplyAdd(x, b3, s13);
            x = Vector512.Create(Unsafe.Add(ref a, 2 * row));
            s20 = Vector512.FusedMultiplyAdd(x, b0, s20);
            s21 = Vector512.FusedMultiplyAdd(x, b1, s21);
            s22 = Vector512.FusedMultiplyAdd(x, b2, s22);
            s23 = Vector512.FusedMultiplyAdd(x, b3, s23);
            x = Vector512.Create(Unsafe.Add(ref a, 3 * row));
            s30 = Vector512.FusedMultiplyAdd(x, b0, s30);
            s31 = Vector512.FusedMultiplyAdd(x, b1, s31);
            s32 = Vector512.FusedMultiplyAdd(x, b2, s32);
            s33 = Vector512.FusedMultiplyAdd(x, b3, s33);
            a = ref Unsafe.Add(ref a, step);
            b = ref Unsafe.Add(ref b, bRow);
        }
        Store(s00, s01, s02, s03, ref c);
        Store(s10, s11, s12, s13, ref c1);
        Store(s20, s21, s22, s23, ref c2);
        Store(s30, s31, s32, s33, ref c3);
    }

    private static void Tile4x1(ref float a, ref float b, ref float c, ProductShape s)
    {
        nint row = s.ARow, cRow = s.CRow;
        Vector512<float> s0 = At(ref c, 0), s1 = At(ref c, cRow), s2 = At(ref c, 2 * cRow), s3 = At(ref c, 3 * cRow);
        for (int t = s.Inner; t > 0; t--)
        {
            Vector512<float> b0 = At(ref b, 0);
            s0 = Vector512.FusedMultiplyAdd(Vector512.Create(a), b0, s0);
            s1 = Vector512.FusedMultiplyAdd(Vector512.Create(Unsafe.Add(ref a, row)), b0, s1);
            s2 = Vector512.FusedMultiplyAdd(Vector512.Create(Unsafe.Add(ref a, 2 * row)), b0, s2);
            s3 = Vector512.FusedMultiplyAdd(Vector512.Create(Unsafe.Add(ref a, 3 * row)), b0, s3);
            a = ref Unsafe.Add(ref a, s.AStep);
            b = ref Unsafe.Add(ref b, s.BRow);
        }
        s0.StoreUnsafe(ref c);
        s1.StoreUnsafe(ref Unsafe.Add(ref c, cRow));
        s2.StoreUnsafe(ref Unsafe.Add(ref c, 2 * cRow));
        s3.StoreUnsafe(ref Unsafe.Add(ref c, 3 * cRow));
    }

    private static void Tile1x1(ref float a, ref float b, ref float c, ProductShape s)
    {
        Vector512<float> sum = At(ref c, 0);
        for (int t = s.Inner; t > 0; t--)
        {
            sum = Vector512.FusedMultiplyAdd(Vector512.Create(a), At(ref b, 0), sum);
            a = ref Unsafe.Add(ref a, s.AStep);
            b = ref Unsafe.Add(ref b, s.BRow);
        }
        sum.StoreUnsafe(ref c);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> At(ref float origin, nint index) => Vector512.LoadUnsafe(ref Unsafe.Add(ref origin, index));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<float> v0, Vector512<float> v1, Vector512<float> v2, Vector512<float> v3, ref float to)
    {
        v0.StoreUnsafe(ref to);
        v1.StoreUnsafe(ref Unsafe.Add(ref to, 16));
        v2.StoreUnsafe(ref Unsafe.Add(ref to, 32));
        v3.StoreUnsafe(ref Unsafe.Add(ref to, 48));
    }

    private static void Validate(int a, int b, int c, ProductShape s)
    {
        Require(s is { Rows: >= 0, Inner: >= 0, ARow: >= 0, AStep: >= 0 } && s.Columns >= 0 && s.Columns % ColumnMultiple == 0, "sizes");
        Require(s.BRow >= s.Columns && s.CRow >= s.Columns, "row strides");
        Require(Last(s.Rows, s.ARow, s.Inner, s.AStep) <= a, "A");
        Require(Last(s.Inner, s.BRow, s.Columns, 1) <= b, "B");
        Require(Last(s.Rows, s.CRow, s.Columns, 1) <= c, "C");

        static long Last(int rows, int row, int columns, int step) =>
            rows == 0 || columns == 0 ? 0 : ((long)(rows - 1) * row) + ((long)(columns - 1) * step) + 1;

        void Require(bool holds, string what)
        {
            if (!holds)
                throw new ArgumentException($"{what} do not fit {s}: {a}, {b} and {c} values given.", nameof(s));
        }
    }
}

/// <summary>The shape of a product C [Rows, Columns] = A [Rows, Inner] B [Inner, Columns].</summary>
/// <param name="Rows">m.</param>
/// <param name="Columns">n, a multiple of <see cref="MatrixProduct.ColumnMultiple"/>.</param>
/// <param name="Inner">k.</param>
/// <param name="ARow">From one row of A to the next.</param>
/// <param name="AStep">From one column of A to the next; a transposed A has 1 for <paramref name="ARow"/> and its own stride here.</param>
/// <param name="BRow">From one row of B to the next.</param>
/// <param name="CRow">From one row of C to the next.</param>
internal readonly record struct ProductShape(int Rows, int Columns, int Inner, int ARow, int AStep, int BRow, int CRow);
