using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Neuralink.Kernels;

/// <summary>The kernels of one number of bits on one instruction set.</summary>
internal sealed class VectorSketchKernels<TCodec, TLanes> : SketchKernels
    where TCodec : struct, ISketchCodec
    where TLanes : struct, ISketchLanes<TLanes>
{
    // Rows that stay in the caches while all of a batch passes over them: 32 rows of 4096 columns in 4 bits are 64 KiB.
    private const int BlockRows = 32;

    // Rows whose sums run side by side, to use a loaded x four times and to hide the latency of the last additions.
    private const int TileRows = 4;

    // How far ahead of its loads a tile asks for memory. Rows are short, so a distance in rows would be too small to hide the latency.
    private const int AheadBytes = 16384;

    public override int PaddedColumns(int columns)
    {
        Require.NotNegative(columns, nameof(columns));
        Require.AtLeast(ColumnsMax, columns, nameof(columns));
        return Groups(columns) * TCodec.GroupColumns;
    }

    public override int RowBytes(int columns) => PaddedColumns(columns) / TCodec.GroupColumns * TCodec.GroupBytes;

    public override SketchRow Encode(ReadOnlySpan<float> row, Span<float> scratch, Span<byte> packed)
    {
        Require.Length(scratch.Length, row.Length, nameof(scratch));
        Require.Length(packed.Length, RowBytes(row.Length), nameof(packed));
        SketchRow sketch = SketchQuantizer.Quantize(TCodec.Bits, row, scratch);
        Span<byte> levels = stackalloc byte[TCodec.GroupColumns];
        for (int c = 0, at = 0; c < row.Length; c += TCodec.GroupColumns, at += TCodec.GroupBytes)
        {
            levels.Clear();
            ReadOnlySpan<float> group = scratch[c..Math.Min(row.Length, c + TCodec.GroupColumns)];
            for (int i = 0; i < group.Length; i++)
            {
                levels[i] = (byte)(int)group[i];
            }

            TCodec.Pack(levels, packed.Slice(at, TCodec.GroupBytes));
        }

        return sketch;
    }

    public override void MatMul(
        ReadOnlySpan<byte> packed, ReadOnlySpan<SketchRow> rows, ReadOnlySpan<sbyte> x, ReadOnlySpan<SketchInput> inputs, Span<float> y, MatMulShape shape)
    {
        Validate(packed, rows, x, inputs, y, shape);
        int padded = PaddedColumns(shape.Columns), rowBytes = RowBytes(shape.Columns), groups = Groups(shape.Columns);
        Span<int> dots = stackalloc int[TileRows];
        for (int block = 0; block < shape.RowCount; block += BlockRows)
        {
            int end = Math.Min(block + BlockRows, shape.RowCount);
            for (int b = 0; b < shape.Batch; b++)
            {
                ref readonly sbyte values = ref Unsafe.Add(ref MemoryMarshal.GetReference(x), (nint)b * padded);
                Span<float> to = y.Slice(checked((b * shape.OutputStride) + shape.OutputOffset), shape.RowCount);
                int shift = ((1 << TCodec.Bits) - 1) * inputs[b].Sum;
                float scale = inputs[b].Scale;
                int r = block;
                for (; r <= end - TileRows; r += TileRows)
                {
                    Tile(in Row(packed, r, rowBytes), rowBytes, in values, groups, dots);
                    for (int i = 0; i < dots.Length; i++)
                    {
                        to[r + i] = rows[r + i].Scale * scale * ((2 * dots[i]) - shift);
                    }
                }

                for (; r < end; r++)
                {
                    to[r] = rows[r].Scale * scale * ((2 * Dot(in Row(packed, r, rowBytes), in values, groups)) - shift);
                }
            }
        }
    }

    private static int Groups(int columns) => (columns + TCodec.GroupColumns - 1) / TCodec.GroupColumns;

    private static ref readonly byte Row(ReadOnlySpan<byte> packed, int row, int rowBytes)
        => ref Unsafe.Add(ref MemoryMarshal.GetReference(packed), (nint)row * rowBytes);

    private static int Dot(ref readonly byte row, ref readonly sbyte x, int groups)
    {
        ref byte group = ref Unsafe.AsRef(in row);
        ref sbyte values = ref Unsafe.AsRef(in x);
        TLanes sums = TLanes.Zero;
        for (int g = 0; g < groups; g++)
        {
            sums = TLanes.AddWidened(sums, TCodec.Multiply<TLanes>(in group, in values));
            group = ref Unsafe.Add(ref group, TCodec.GroupBytes);
            values = ref Unsafe.Add(ref values, TCodec.GroupColumns);
        }

        return TLanes.Sum(sums);
    }

    private static void Tile(ref readonly byte rows, int rowBytes, ref readonly sbyte x, int groups, Span<int> dots)
    {
        ref byte w0 = ref Unsafe.AsRef(in rows);
        ref byte w1 = ref Unsafe.Add(ref w0, rowBytes);
        ref byte w2 = ref Unsafe.Add(ref w1, rowBytes);
        ref byte w3 = ref Unsafe.Add(ref w2, rowBytes);
        ref sbyte values = ref Unsafe.AsRef(in x);
        TLanes s0 = TLanes.Zero, s1 = TLanes.Zero, s2 = TLanes.Zero, s3 = TLanes.Zero;
        for (int g = 0; g < groups; g++)
        {
            for (int line = 0; line < TCodec.GroupBytes; line += ISketchLanes<TLanes>.Count)
            {
                Prefetch.Line(in w0, AheadBytes + line);
                Prefetch.Line(in w1, AheadBytes + line);
                Prefetch.Line(in w2, AheadBytes + line);
                Prefetch.Line(in w3, AheadBytes + line);
            }

            s0 = TLanes.AddWidened(s0, TCodec.Multiply<TLanes>(in w0, in values));
            s1 = TLanes.AddWidened(s1, TCodec.Multiply<TLanes>(in w1, in values));
            s2 = TLanes.AddWidened(s2, TCodec.Multiply<TLanes>(in w2, in values));
            s3 = TLanes.AddWidened(s3, TCodec.Multiply<TLanes>(in w3, in values));
            w0 = ref Unsafe.Add(ref w0, TCodec.GroupBytes);
            w1 = ref Unsafe.Add(ref w1, TCodec.GroupBytes);
            w2 = ref Unsafe.Add(ref w2, TCodec.GroupBytes);
            w3 = ref Unsafe.Add(ref w3, TCodec.GroupBytes);
            values = ref Unsafe.Add(ref values, TCodec.GroupColumns);
        }

        dots[0] = TLanes.Sum(s0);
        dots[1] = TLanes.Sum(s1);
        dots[2] = TLanes.Sum(s2);
        dots[3] = TLanes.Sum(s3);
    }

    private void Validate(
        ReadOnlySpan<byte> packed, ReadOnlySpan<SketchRow> rows, ReadOnlySpan<sbyte> x, ReadOnlySpan<SketchInput> inputs, Span<float> y, MatMulShape shape)
    {
        Require.NotNegative(shape.RowCount, nameof(shape));
        Require.NotNegative(shape.Batch, nameof(shape));
        Require.NotNegative(shape.OutputOffset, nameof(shape));
        Require.Length(packed.Length, (long)shape.RowCount * RowBytes(shape.Columns), nameof(packed));
        Require.Length(rows.Length, shape.RowCount, nameof(rows));
        Require.Length(x.Length, (long)shape.Batch * PaddedColumns(shape.Columns), nameof(x));
        Require.Length(inputs.Length, shape.Batch, nameof(inputs));

        // Within one row of y the share must fit its stride, or the batch rows would overwrite each other.
        Require.AtLeast(shape.OutputStride, (long)shape.OutputOffset + shape.RowCount, nameof(shape));
        if (shape.Batch > 0)
        {
            long last = ((long)(shape.Batch - 1) * shape.OutputStride) + shape.OutputOffset + shape.RowCount;
            Require.AtLeast(y.Length, last, nameof(y));
        }
    }
}
