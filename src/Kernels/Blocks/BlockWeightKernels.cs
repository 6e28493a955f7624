using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Neuralink.Kernels;

/// <summary>
/// The kernels of one block format on one instruction set: validation here, sums in <see cref="BlockTiles{TCodec, TBytes}"/>.
/// </summary>
internal class BlockWeightKernels<TCodec, TBytes> : WeightKernels
    where TCodec : struct, IBlockRowCodec
    where TBytes : struct, IByteLanes<TBytes>
{
    // How far ahead of the sums memory is asked for.
    private const int AheadBytes = 16384;

    public override bool QuantizesInput => true;

    public override int RowBytes(int columns) => TCodec.RowBytes(Padded(columns));

    public override float Dot(ReadOnlySpan<byte> row, ProductInput x)
    {
        Require.Length(row.Length, RowBytes(x.Values.Length), nameof(row));
        ValidateInput(x, 1, x.Values.Length);
        return BlockTiles<TCodec, TBytes>.Dot(
            in MemoryMarshal.GetReference(row), in MemoryMarshal.GetReference(x.Quantized), Padded(x.Values.Length));
    }

    internal override void DotRows(ScatteredRows rows, ProductInput x, Span<float> y)
    {
        Require.Length(y.Length, rows.Count, nameof(y));
        ValidateInput(x, 1, x.Values.Length);
        BlockTiles<TCodec, TBytes>.RowsByOne(rows, in MemoryMarshal.GetReference(x.Quantized), y, Padded(x.Values.Length));
    }

    public override void MatMul(ReadOnlySpan<byte> rows, ProductInput x, ReadOnlySpan<float> bias, Span<float> y, MatMulShape shape)
    {
        Validate(rows, x.Values, bias, y, shape);
        ValidateInput(x, shape.Batch, shape.Columns);
        ref byte w = ref MemoryMarshal.GetReference(rows), input = ref MemoryMarshal.GetReference(x.Quantized);
        ref float to = ref Unsafe.Add(ref MemoryMarshal.GetReference(y), shape.OutputOffset);
        if (shape.Batch == 1)
        {
            RowsByOne(ref w, ref input, ref to, shape);
        }
        else
        {
            BlockProduct<TCodec, TBytes>.Multiply(
                new RowsInTurn(in w, RowBytes(shape.Columns)), in input, new ResultsByInput(ref to, shape.OutputStride), shape,
                Padded(shape.Columns));
        }

        if (!bias.IsEmpty)
            AddBias(bias, y, shape);
    }

    internal override void MatMulParts<TResults>(BundleParts parts, ProductInput x, int columns, int batch, TResults results)
    {
        ValidateInput(x, batch, columns);
        BlockProduct<TCodec, TBytes>.Multiply(
            parts, in MemoryMarshal.GetReference(x.Quantized), results, MatMulShape.Whole(parts.Count, columns, batch), Padded(columns));
    }

    internal override void DotChosen(ReadOnlySpan<byte> row, ProductInput x, int columns, ReadOnlySpan<int> chosen, Span<float> y)
    {
        ref byte input = ref MemoryMarshal.GetReference(x.Quantized);
        BlockProduct<TCodec, TBytes>.MultiplyRow(
            in MemoryMarshal.GetReference(row), new ChosenInputs(in input, QuantizedInput.RowBytes(columns), chosen), Padded(columns), y);
    }

    public override void AddScaled(float scale, ReadOnlySpan<byte> row, ColumnRange range, Span<float> y) => throw OfMatricesOnly();

    internal override void AddScaledRows(ReadOnlySpan<float> scales, ScatteredRows rows, ColumnRange range, Span<float> y) =>
        throw OfMatricesOnly();

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
        return checked(columns + TCodec.PaddedTo - 1) / TCodec.PaddedTo * TCodec.PaddedTo;
    }

    private static void RowsByOne(ref byte rows, ref byte x, ref float y, MatMulShape shape)
    {
        int padded = Padded(shape.Columns), rowBytes = TCodec.RowBytes(padded);
        for (int r = 0; r < shape.RowCount; r++)
        {
            ref byte row = ref Unsafe.Add(ref rows, (nint)r * rowBytes);
            Unsafe.Add(ref y, r) = BlockTiles<TCodec, TBytes>.Dot(in row, in Unsafe.Add(ref row, AheadBytes), in x, padded);
        }
    }

    private static void ValidateInput(ProductInput x, int batch, int columns) =>
        Require.Length(x.Quantized.Length, (long)batch * QuantizedInput.RowBytes(columns), nameof(x));

    private static NotSupportedException OfMatricesOnly() => new("This format is one of matrices, not of bundles.");
}

/// <summary>The same of a format that bundles can have.</summary>
internal sealed class BundleWeightKernels<TCodec, TBytes> : BlockWeightKernels<TCodec, TBytes>
    where TCodec : struct, IBundleRowCodec
    where TBytes : struct, IByteLanes<TBytes>
{
    public override void AddScaled(float scale, ReadOnlySpan<byte> row, ColumnRange range, Span<float> y)
    {
        range.Validate();
        Require.Length(row.Length, RowBytes(range.Columns), nameof(row));
        Require.Length(y.Length, range.Count, nameof(y));
        BlockAxpy<TCodec>.AddOne(scale, in MemoryMarshal.GetReference(row), Padded(range.Columns), range, y);
    }

    internal override void AddScaledRows(ReadOnlySpan<float> scales, ScatteredRows rows, ColumnRange range, Span<float> y)
    {
        Require.Length(scales.Length, rows.Count, nameof(scales));
        Require.Length(y.Length, range.Count, nameof(y));
        BlockDown<TCodec>.Add(scales, rows, Padded(range.Columns), range, y);
    }

    public override void Encode(ReadOnlySpan<float> x, Span<byte> row)
    {
        Require.Length(row.Length, RowBytes(x.Length), nameof(row));
        row.Clear();
        for (int c = 0, block = 0; c < x.Length; c += GroupOrder.BlockColumns, block++)
            TCodec.Encode(x[c..Math.Min(x.Length, c + GroupOrder.BlockColumns)], row, Padded(x.Length), block);
    }
}
