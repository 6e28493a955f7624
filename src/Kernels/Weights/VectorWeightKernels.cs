using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

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

    public override float Dot(ReadOnlySpan<byte> row, ReadOnlySpan<float> x)
    {
        Require.Length(row.Length, RowBytes(x.Length), nameof(row));
        return DotTiles<TCodec, TLanes>.Dot(in MemoryMarshal.GetReference(row), in MemoryMarshal.GetReference(x), x.Length);
    }

    internal override void DotTwo(ReadOnlySpan<byte> rows, ReadOnlySpan<float> x, ReadOnlySpan<byte> upcoming, out float y0, out float y1)
    {
        Require.Length(rows.Length, 2L * RowBytes(x.Length), nameof(rows));
        DotTiles<TCodec, TLanes>.DotTwo(
            in MemoryMarshal.GetReference(rows),
            in MemoryMarshal.GetReference(x),
            x.Length,
            in MemoryMarshal.GetReference(upcoming.IsEmpty ? rows : upcoming),
            out y0,
            out y1);
    }

    public override void MatMul(
        ReadOnlySpan<byte> rows, ReadOnlySpan<float> x, ReadOnlySpan<float> bias, Span<float> y, MatMulShape shape)
    {
        Validate(rows, x, bias, y, shape);
        int rowBytes = RowBytes(shape.Columns);
        if (PanelSizes.IsWorthPacking(shape.RowCount, shape.Batch))
        {
            PanelProduct<TCodec, TLanes, TPart>.Multiply(
                new RowsInTurn(in MemoryMarshal.GetReference(rows), rowBytes),
                in MemoryMarshal.GetReference(x),
                ref Unsafe.Add(ref MemoryMarshal.GetReference(y), shape.OutputOffset),
                new PanelShape(shape.RowCount, shape.Columns, shape.Batch, RowStride: 1, InputStride: shape.OutputStride));
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

    public override void AddScaled(float scale, ReadOnlySpan<byte> row, Span<float> y)
    {
        Require.Length(row.Length, RowBytes(y.Length), nameof(row));
        AxpyTiles<TCodec, TLanes>.AddOne(scale, in MemoryMarshal.GetReference(row), y);
    }

    internal override void AddScaledFour(ReadOnlySpan<float> scales, RowFour rows, RowFour upcoming, Span<float> y)
    {
        Require.Length(scales.Length, 4, nameof(scales));
        AxpyTiles<TCodec, TLanes>.AddFour(scales, rows, upcoming, y);
    }

    public override void Decode(ReadOnlySpan<byte> row, Span<float> y)
    {
        Require.Length(row.Length, RowBytes(y.Length), nameof(row));
        ref byte w = ref MemoryMarshal.GetReference(row);
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

    public override bool AllFinite(ReadOnlySpan<byte> row)
    {
        Require.Multiple(row.Length, TCodec.WeightBytes, nameof(row));
        return TCodec.AllFinite(row);
    }

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

    private static void AddBias(ReadOnlySpan<float> bias, Span<float> y, MatMulShape shape)
    {
        for (int b = 0; b < shape.Batch; b++)
        {
            Span<float> to = y.Slice(checked((b * shape.OutputStride) + shape.OutputOffset), shape.RowCount);
            for (int r = 0; r < to.Length; r++)
                to[r] += bias[r];
        }
    }

    private static ref float At(ref float origin, int index, int stride) => ref Unsafe.Add(ref origin, (nint)index * stride);

    private void Validate(ReadOnlySpan<byte> rows, ReadOnlySpan<float> x, ReadOnlySpan<float> bias, Span<float> y, MatMulShape shape)
    {
        Require.NotNegative(shape.RowCount, nameof(shape));
        Require.NotNegative(shape.Columns, nameof(shape));
        Require.NotNegative(shape.Batch, nameof(shape));
        Require.NotNegative(shape.OutputOffset, nameof(shape));
        Require.Length(rows.Length, (long)shape.RowCount * RowBytes(shape.Columns), nameof(rows));
        Require.Length(x.Length, (long)shape.Batch * shape.Columns, nameof(x));
        if (!bias.IsEmpty)
            Require.Length(bias.Length, shape.RowCount, nameof(bias));

        // Within one row of y the share must fit its stride, or the batch rows would overwrite each other.
        Require.AtLeast(shape.OutputStride, (long)shape.OutputOffset + shape.RowCount, nameof(shape));
        if (shape.Batch > 0)
        {
            long last = ((long)(shape.Batch - 1) * shape.OutputStride) + shape.OutputOffset + shape.RowCount;
            Require.AtLeast(y.Length, last, nameof(y));
        }
    }
}
