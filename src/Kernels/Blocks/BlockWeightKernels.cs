using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Neuralink.Kernels;

/// <summary>
/// The kernels of one block format on one instruction set: validation here, sums in <see cref="BlockTiles{TCodec, TBytes, TLanes}"/>.
/// </summary>
internal class BlockWeightKernels<TCodec, TBytes, TLanes> : WeightKernels
    where TCodec : struct, IBlockRowCodec
    where TBytes : struct, IByteLanes<TBytes>
    where TLanes : struct, ILanes<TLanes>
{
    // Rows that stay in the second-level cache while all of a batch passes over them: 32 rows of 4096 columns in 8 bits are 136 KiB.
    private const int BlockRows = 32;

    // How far ahead of the sums memory is asked for, in whole rows.
    private const int AheadBytes = 16384;

    public override bool QuantizesInput => true;

    public override int RowBytes(int columns) => TCodec.RowBytes(Padded(columns));

    public override float Dot(ReadOnlySpan<byte> row, ProductInput x)
    {
        Require.Length(row.Length, RowBytes(x.Values.Length), nameof(row));
        ValidateInput(x, 1, x.Values.Length);
        return BlockTiles<TCodec, TBytes, TLanes>.Dot(
            in MemoryMarshal.GetReference(row), in MemoryMarshal.GetReference(x.Quantized), Padded(x.Values.Length));
    }

    internal override void DotTwo(ReadOnlySpan<byte> rows, ProductInput x, ReadOnlySpan<byte> upcoming, out float y0, out float y1)
    {
        int rowBytes = RowBytes(x.Values.Length);
        Require.Length(rows.Length, 2L * rowBytes, nameof(rows));
        ValidateInput(x, 1, x.Values.Length);
        DotTwo(
            ref MemoryMarshal.GetReference(rows), ref MemoryMarshal.GetReference(upcoming.IsEmpty ? rows : upcoming), rowBytes,
            ref MemoryMarshal.GetReference(x.Quantized), Padded(x.Values.Length), out y0, out y1);
    }

    public override void MatMul(ReadOnlySpan<byte> rows, ProductInput x, ReadOnlySpan<float> bias, Span<float> y, MatMulShape shape)
    {
        Validate(rows, x.Values, bias, y, shape);
        ValidateInput(x, shape.Batch, shape.Columns);
        int rowBytes = RowBytes(shape.Columns);
        for (int block = 0; block < shape.RowCount; block += BlockRows)
        {
            MatMulBlock(
                ref Unsafe.Add(ref MemoryMarshal.GetReference(rows), (nint)block * rowBytes),
                ref MemoryMarshal.GetReference(x.Quantized),
                ref Unsafe.Add(ref MemoryMarshal.GetReference(y), shape.OutputOffset + block),
                shape with { RowCount = Math.Min(BlockRows, shape.RowCount - block) });
        }

        if (!bias.IsEmpty)
            AddBias(bias, y, shape);
    }

    public override void AddScaled(float scale, ReadOnlySpan<byte> row, ColumnRange range, Span<float> y) => throw OfMatricesOnly();

    internal override void AddScaledFour(
        ReadOnlySpan<float> scales, RowFour rows, RowFour upcoming, ColumnRange range, Span<float> y) => throw OfMatricesOnly();

    public override void Encode(ReadOnlySpan<float> x, Span<byte> row) =>
        throw new NotSupportedException("Weights are not rounded to this format; they come in it.");

    public override void Decode(ReadOnlySpan<byte> row, ColumnRange range, Span<float> y)
    {
        range.Validate();
        Require.Length(row.Length, RowBytes(range.Columns), nameof(row));
        Require.Length(y.Length, range.Count, nameof(y));
        for (int c = 0; c < y.Length; c += ColumnRange.Granularity)
        {
            int count = Math.Min(ColumnRange.Granularity, y.Length - c);
            TCodec.Decode(row, Padded(range.Columns), range.Begin + c, y.Slice(c, count));
        }
    }

    public override bool AllFinite(ReadOnlySpan<byte> rows, int columns)
    {
        int rowBytes = RowBytes(columns);
        Require.Multiple(rows.Length, rowBytes, nameof(rows));
        for (int at = 0; at < rows.Length; at += rowBytes)
        {
            if (!TCodec.AllFinite(rows.Slice(at, rowBytes), Padded(columns)))
                return false;
        }

        return true;
    }

    public override void FromGgml(ReadOnlySpan<byte> blocks, Span<byte> row, int columns)
    {
        Require.Length(row.Length, RowBytes(columns), nameof(row));
        row.Clear();
        TCodec.FromGgml(blocks, row, Padded(columns));
    }

    public override void ToGgml(ReadOnlySpan<byte> row, int columns, Span<byte> blocks)
    {
        Require.Length(row.Length, RowBytes(columns), nameof(row));
        TCodec.ToGgml(row, Padded(columns), blocks);
    }

    private protected static int Padded(int columns)
    {
        Require.NotNegative(columns, nameof(columns));
        return checked(columns + TCodec.GroupColumns - 1) / TCodec.GroupColumns * TCodec.GroupColumns;
    }

    private static void MatMulBlock(ref byte rows, ref byte x, ref float y, MatMulShape shape)
    {
        int padded = Padded(shape.Columns), rowBytes = TCodec.RowBytes(padded), xBytes = QuantizedInput.RowBytes(shape.Columns);
        int b = 0;
        for (; b <= shape.Batch - 2; b += 2)
        {
            ref byte x0 = ref Unsafe.Add(ref x, (nint)b * xBytes);
            ref float to = ref Unsafe.Add(ref y, (nint)b * shape.OutputStride);
            int r = 0;
            for (; r <= shape.RowCount - 2; r += 2)
            {
                BlockTiles<TCodec, TBytes, TLanes>.DotFour(
                    in Unsafe.Add(ref rows, (nint)r * rowBytes), rowBytes, in x0, xBytes, padded, ref Unsafe.Add(ref to, r),
                    shape.OutputStride);
            }

            if (r < shape.RowCount)
            {
                ref readonly byte row = ref Unsafe.Add(ref rows, (nint)r * rowBytes);
                Unsafe.Add(ref to, r) = BlockTiles<TCodec, TBytes, TLanes>.Dot(in row, in x0, padded);
                Unsafe.Add(ref to, (nint)r + shape.OutputStride) =
                    BlockTiles<TCodec, TBytes, TLanes>.Dot(in row, in Unsafe.Add(ref x0, xBytes), padded);
            }
        }

        if (b < shape.Batch)
            RowsByOne(ref rows, ref Unsafe.Add(ref x, (nint)b * xBytes), ref Unsafe.Add(ref y, (nint)b * shape.OutputStride), shape);
    }

    private static void RowsByOne(ref byte rows, ref byte x, ref float y, MatMulShape shape)
    {
        int padded = Padded(shape.Columns), rowBytes = TCodec.RowBytes(padded), r = 0;
        nint ahead = (nint)Math.Max(2, AheadBytes / Math.Max(1, rowBytes)) * rowBytes;
        for (; r <= shape.RowCount - 2; r += 2)
        {
            ref byte two = ref Unsafe.Add(ref rows, (nint)r * rowBytes);
            DotTwo(
                ref two, ref Unsafe.Add(ref two, ahead), rowBytes, ref x, padded, out Unsafe.Add(ref y, r),
                out Unsafe.Add(ref y, r + 1));
        }

        if (r < shape.RowCount)
            Unsafe.Add(ref y, r) = BlockTiles<TCodec, TBytes, TLanes>.Dot(in Unsafe.Add(ref rows, (nint)r * rowBytes), in x, padded);
    }

    private static void DotTwo(
        ref byte rows, ref byte upcoming, int rowBytes, ref byte x, int padded, out float y0, out float y1) =>
        BlockTiles<TCodec, TBytes, TLanes>.DotTwo(
            in rows, in Unsafe.Add(ref rows, rowBytes), in x, padded, in upcoming, in Unsafe.Add(ref upcoming, rowBytes), out y0, out y1);

    private static void ValidateInput(ProductInput x, int batch, int columns) =>
        Require.Length(x.Quantized.Length, (long)batch * QuantizedInput.RowBytes(columns), nameof(x));

    private static NotSupportedException OfMatricesOnly() => new("This format is one of matrices, not of bundles.");
}

/// <summary>The same of a format that bundles can have.</summary>
internal sealed class BundleWeightKernels<TCodec, TBytes, TLanes> : BlockWeightKernels<TCodec, TBytes, TLanes>
    where TCodec : struct, IBundleRowCodec
    where TBytes : struct, IByteLanes<TBytes>
    where TLanes : struct, ILanes<TLanes>
{
    public override void AddScaled(float scale, ReadOnlySpan<byte> row, ColumnRange range, Span<float> y)
    {
        range.Validate();
        Require.Length(row.Length, RowBytes(range.Columns), nameof(row));
        Require.Length(y.Length, range.Count, nameof(y));
        BlockAxpy<TCodec, TLanes>.AddOne(scale, in MemoryMarshal.GetReference(row), Padded(range.Columns), range, y);
    }

    internal override void AddScaledFour(ReadOnlySpan<float> scales, RowFour rows, RowFour upcoming, ColumnRange range, Span<float> y)
    {
        Require.Length(scales.Length, 4, nameof(scales));
        BlockAxpy<TCodec, TLanes>.AddFour(scales, rows, upcoming, Padded(range.Columns), range, y);
    }

    public override void Encode(ReadOnlySpan<float> x, Span<byte> row)
    {
        Require.Length(row.Length, RowBytes(x.Length), nameof(row));
        row.Clear();
        for (int c = 0, block = 0; c < x.Length; c += HalfScales.BlockColumns, block++)
            TCodec.Encode(x[c..Math.Min(x.Length, c + HalfScales.BlockColumns)], row, Padded(x.Length), block);
    }
}
