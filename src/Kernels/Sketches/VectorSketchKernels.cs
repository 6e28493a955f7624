using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Neuralink.Kernels;

/// <summary>The kernels of one number of bits on one instruction set.</summary>
internal sealed class VectorSketchKernels<TCodec, TLanes> : SketchKernels
    where TCodec : struct, ISketchCodec
    where TLanes : struct, IByteLanes<TLanes>
{
    // Rows that stay in the caches while all of a batch passes over them: 32 rows of 4096 columns in 4 bits are 64 KiB.
    private const int BlockRows = 32;

    // How far ahead of its loads a row's pass asks for memory: several rows, which lie one after the other. (Rows side by side are no
    // faster: one row alone has enough independent work.)
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
                levels[i] = (byte)(int)group[i];

            TCodec.Pack(levels, packed.Slice(at, TCodec.GroupBytes));
        }

        return sketch;
    }

    public override void MatMul(
        ReadOnlySpan<byte> packed, ReadOnlySpan<SketchRow> rows, ReadOnlySpan<sbyte> x, ReadOnlySpan<SketchInput> inputs, Span<float> y,
        MatMulShape shape)
    {
        Validate(packed, rows, x, inputs, y, shape);
        int padded = PaddedColumns(shape.Columns), rowBytes = RowBytes(shape.Columns), groups = Groups(shape.Columns);
        for (int block = 0; block < shape.RowCount; block += BlockRows)
        {
            int end = Math.Min(block + BlockRows, shape.RowCount);
            for (int b = 0; b < shape.Batch; b++)
            {
                ref readonly sbyte values = ref Unsafe.Add(ref MemoryMarshal.GetReference(x), (nint)b * padded);
                Span<float> to = y.Slice(checked((b * shape.OutputStride) + shape.OutputOffset), shape.RowCount);
                int shift = ((1 << TCodec.Bits) - 1) * inputs[b].Sum;
                float scale = inputs[b].Scale;
                for (int r = block; r < end; r++)
                {
                    int dot = Dot(in Unsafe.Add(ref MemoryMarshal.GetReference(packed), (nint)r * rowBytes), in values, groups);
                    to[r] = rows[r].Scale * scale * ((2 * dot) - shift);
                }
            }
        }
    }

    private static int Groups(int columns) => (columns + TCodec.GroupColumns - 1) / TCodec.GroupColumns;

    private static int Dot(ref readonly byte row, ref readonly sbyte x, int groups)
    {
        ref byte group = ref Unsafe.AsRef(in row);
        ref sbyte values = ref Unsafe.AsRef(in x);
        TLanes sums = TLanes.Zero;
        for (int g = 0; g < groups; g++)
        {
            for (int line = 0; line < TCodec.GroupBytes; line += IByteLanes<TLanes>.Count)
                Prefetch.Line(in group, AheadBytes + line);

            sums = TLanes.AddWidened(sums, TCodec.Multiply<TLanes>(in group, in values));
            group = ref Unsafe.Add(ref group, TCodec.GroupBytes);
            values = ref Unsafe.Add(ref values, TCodec.GroupColumns);
        }

        return TLanes.Sum(sums);
    }

    private void Validate(
        ReadOnlySpan<byte> packed, ReadOnlySpan<SketchRow> rows, ReadOnlySpan<sbyte> x, ReadOnlySpan<SketchInput> inputs, Span<float> y,
        MatMulShape shape)
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
