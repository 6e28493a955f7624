using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Neuralink.Kernels;

/// <summary>
/// The kernels of one format on one instruction set: validation here, tiles in <see cref="DotTiles{TCodec, TLanes}"/>, products with many
/// rows of x in <see cref="PanelProduct{TCodec, TLanes, TPart}"/>.
/// </summary>
internal sealed class VectorWeightKernels<TCodec, TLanes, TPart> : WeightKernels
    where TCodec : struct, IWeightCodec
    where TLanes : struct, ILanes<TLanes>
    where TPart : struct, ILanePart<TPart>
{
    // Rows that stay in the second-level cache while all batch columns pass over them: 32 rows of 4096 f16 weights are 256 KiB.
    private const int BlockRows = 32;

    public override int RowBytes(int columns) => checked(columns * TCodec.WeightBytes);

    public override bool QuantizesInput => false;

    public override float Dot(ReadOnlySpan<byte> row, ProductInput input)
    {
        ReadOnlySpan<float> x = input.Values;
        Require.Length(row.Length, RowBytes(x.Length), nameof(row));
        return DotTiles<TCodec, TLanes>.Dot(in MemoryMarshal.GetReference(row), in MemoryMarshal.GetReference(x), x.Length);
    }

    internal override void DotRows(ScatteredRows rows, ProductInput x, Span<float> y)
    {
        Require.Length(y.Length, rows.Count, nameof(y));
        DotTiles<TCodec, TLanes>.RowsByOne(
            rows, in MemoryMarshal.GetReference(x.Values), ref MemoryMarshal.GetReference(y), x.Values.Length);
    }

    public override void MatMul(ReadOnlySpan<byte> rows, ProductInput input, ReadOnlySpan<float> bias, Span<float> y, MatMulShape shape)
    {
        ReadOnlySpan<float> x = input.Values;
        Validate(rows, x, bias, y, shape);
        int rowBytes = RowBytes(shape.Columns);
        if (PanelSizes.IsWorthPacking(shape.RowCount, shape.Batch))
        {
            PanelProduct<TCodec, TLanes, TPart>.Multiply(
                new RowsInTurn(in MemoryMarshal.GetReference(rows), rowBytes),
                in MemoryMarshal.GetReference(x),
                new ResultsByInput(ref Unsafe.Add(ref MemoryMarshal.GetReference(y), shape.OutputOffset), shape.OutputStride),
                new PanelShape(shape.RowCount, shape.Columns, shape.Batch, InputStride: shape.Columns));
        }
        else
        {
            for (int block = 0; block < shape.RowCount; block += BlockRows)
            {
                int blockRows = Math.Min(BlockRows, shape.RowCount - block);
                MatMulBlock(
                    ref Unsafe.Add(ref MemoryMarshal.GetReference(rows), (nint)block * rowBytes),
                    ref MemoryMarshal.GetReference(x),
                    ref Unsafe.Add(ref MemoryMarshal.GetReference(y), shape.OutputOffset + block),
                    shape with { RowCount = blockRows });
            }
        }

        if (!bias.IsEmpty)
            AddBias(bias, y, shape);
    }

    public override void AddScaled(float scale, ReadOnlySpan<byte> row, ColumnRange range, Span<float> y)
    {
        ReadOnlySpan<byte> share = ShareOf(row, range, y);
        AxpyTiles<TCodec, TLanes>.AddOne(scale, in MemoryMarshal.GetReference(share), y);
    }

    internal override void AddScaledRows(ReadOnlySpan<float> scales, ScatteredRows rows, ColumnRange range, Span<float> y)
    {
        Require.Length(scales.Length, rows.Count, nameof(scales));
        Require.Length(y.Length, range.Count, nameof(y));
        nint offset = (nint)range.Begin * TCodec.WeightBytes;
        int i = 0;
        for (; i <= rows.Count - 4; i += 4)
            AxpyTiles<TCodec, TLanes>.AddFour(scales.Slice(i, 4), rows.Four(i).At(offset), rows.UpcomingFour(i).At(offset), y);

        for (; i < rows.Count; i++)
            AxpyTiles<TCodec, TLanes>.AddOne(scales[i], in Unsafe.AddByteOffset(ref Unsafe.AsRef(in rows[i]), offset), y);
    }

    public override void Decode(ReadOnlySpan<byte> row, ColumnRange range, Span<float> y)
    {
        ref byte w = ref MemoryMarshal.GetReference(ShareOf(row, range, y));
        int i = 0;
        for (; i <= y.Length - ILanes<TLanes>.Count; i += ILanes<TLanes>.Count)
        {
            TLanes weights = TCodec.Load<TLanes>(in Unsafe.Add(ref w, (nint)i * TCodec.WeightBytes));
            TLanes.Store(weights, ref Unsafe.Add(ref MemoryMarshal.GetReference(y), i));
        }

        for (; i < y.Length; i++)
            y[i] = TCodec.Decode(in Unsafe.Add(ref w, (nint)i * TCodec.WeightBytes));
    }

    public override void Encode(ReadOnlySpan<float> x, Span<byte> row)
    {
        Require.Length(row.Length, RowBytes(x.Length), nameof(row));
        TCodec.Encode(x, row);
    }

    public override bool AllFinite(ReadOnlySpan<byte> rows, int columns)
    {
        Require.Multiple(rows.Length, TCodec.WeightBytes, nameof(rows));
        return TCodec.AllFinite(rows);
    }

    private static ReadOnlySpan<byte> ShareOf(ReadOnlySpan<byte> row, ColumnRange range, Span<float> y)
    {
        range.Validate();
        Require.Length(row.Length, (long)range.Columns * TCodec.WeightBytes, nameof(row));
        Require.Length(y.Length, range.Count, nameof(y));
        return row.Slice(range.Begin * TCodec.WeightBytes, range.Count * TCodec.WeightBytes);
    }

    internal override void MatMulParts<TResults>(BundleParts parts, ProductInput x, int columns, int batch, TResults results)
        => PanelProduct<TCodec, TLanes, TPart>.Multiply(
            parts, in MemoryMarshal.GetReference(x.Values), results, new PanelShape(parts.Count, columns, batch, columns));

    internal override void DotChosen(ReadOnlySpan<byte> row, ProductInput x, int columns, ReadOnlySpan<int> chosen, Span<float> y)
    {
        ref readonly byte w = ref MemoryMarshal.GetReference(row);
        ref float origin = ref MemoryMarshal.GetReference(x.Values);
        int i = 0;
        for (; i <= chosen.Length - 4; i += 4)
        {
            ref float x0 = ref At(ref origin, chosen[i], columns), x1 = ref At(ref origin, chosen[i + 1], columns);
            ref float x2 = ref At(ref origin, chosen[i + 2], columns), x3 = ref At(ref origin, chosen[i + 3], columns);
            DotTiles<TCodec, TLanes>.Tile1x4(in w, in x0, in x1, in x2, in x3, columns).CopyTo(y[i..]);
        }

        for (; i < chosen.Length; i++)
            y[i] = DotTiles<TCodec, TLanes>.Dot(in w, in At(ref origin, chosen[i], columns), columns);
    }

    internal override void AddScaledParts(BundleParts parts, ReadOnlySpan<float> h, int batch, Span<float> y, ColumnRange range)
        => DownPanels<TCodec, TLanes>.Add(parts, h, batch, ref MemoryMarshal.GetReference(y), range);

    private static void MatMulBlock(ref byte rows, ref float x, ref float y, MatMulShape shape)
    {
        int b = 0;
        if (TLanes.HoldsWideTiles)
        {
            for (; b <= shape.Batch - 4; b += 4)
                DotTiles<TCodec, TLanes>.RowsByFour(ref rows, ref At(ref x, b, shape.Columns), ref At(ref y, b, shape.OutputStride), shape);
        }

        for (; b <= shape.Batch - 2; b += 2)
            DotTiles<TCodec, TLanes>.RowsByTwo(ref rows, ref At(ref x, b, shape.Columns), ref At(ref y, b, shape.OutputStride), shape);

        if (b < shape.Batch)
            DotTiles<TCodec, TLanes>.RowsByOne(ref rows, ref At(ref x, b, shape.Columns), ref At(ref y, b, shape.OutputStride), shape);
    }

    private static ref float At(ref float origin, int index, int stride) => ref Unsafe.Add(ref origin, (nint)index * stride);
}
