using System.Buffers;
using System.Runtime.InteropServices;
using Neuralink.Kernels;
using Neuralink.Storage;

namespace Neuralink.Models.Weights;

/// <summary>
/// Reads tensors in the format that is wanted, whatever the source stores, a piece at a time: memory stays constant. Values that are
/// not finite are refused, because the kernels cannot represent them.
/// </summary>
public static class TensorReader
{
    private const int PieceBytesMax = 4 << 20;

    /// <summary>Takes rows <c>begin</c> to <c>end</c> of a tensor.</summary>
    public delegate void RowSink(int begin, int end, ReadOnlySpan<byte> rows);

    /// <summary>Feeds <paramref name="sink"/> all rows of <paramref name="spec"/> in order, as <paramref name="format"/>.</summary>
    /// <exception cref="NeuralinkException">The tensor cannot be read or has a value that is not finite.</exception>
    public static void ReadRows(ITensorSource source, TensorSpec spec, WeightFormat format, RowSink sink)
    {
        SourceTensor tensor = source.Get(spec.Name);
        int columns = Math.Max(spec.Columns, 1);
        if (!tensor.IsTransposed)
        {
            ReadStored(source, tensor, (spec.Rows, columns), format, sink);
            return;
        }
        // The scales of a block format run along a row, so it is rounded when it lies together.
        WeightFormat turned = WeightKernels.For(format).QuantizesInput ? WeightFormat.F32 : format;
        byte[] whole = ArrayPool<byte>.Shared.Rent(checked((int)spec.BytesIn(turned)));
        ReadStored(source, tensor, (columns, spec.Rows), turned, (begin, end, rows) =>
        {
            if (turned == WeightFormat.F32)
                Transpose(MemoryMarshal.Cast<byte, uint>(rows), MemoryMarshal.Cast<byte, uint>(whole.AsSpan()), begin, spec);
            else
                Transpose(MemoryMarshal.Cast<byte, ushort>(rows), MemoryMarshal.Cast<byte, ushort>(whole.AsSpan()), begin, spec);
        });
        if (turned == format)
            sink(0, spec.Rows, whole.AsSpan(0, (int)spec.BytesIn(format)));
        else
            Encode(MemoryMarshal.Cast<byte, float>(whole.AsSpan()), (spec.Rows, columns), WeightKernels.For(format), sink);
        ArrayPool<byte>.Shared.Return(whole);
    }

    private static void Encode(ReadOnlySpan<float> values, (int Rows, int Columns) shape, WeightKernels to, RowSink sink)
    {
        byte[] row = new byte[to.RowBytes(shape.Columns)];
        for (int r = 0; r < shape.Rows; r++)
        {
            to.Encode(values.Slice(r * shape.Columns, shape.Columns), row);
            sink(r, r + 1, row);
        }
    }

    /// <summary>Fills <paramref name="vector"/> [1, length].</summary>
    public static void Fill(ITensorSource source, TensorSpec spec, FloatTensor vector) =>
        ReadRows(source, spec, WeightFormat.F32, (begin, end, rows) =>
            MemoryMarshal.Cast<byte, float>(rows).CopyTo(vector.Row(0)[begin..end]));

    /// <summary>Feeds <paramref name="sink"/> all rows of a tensor as they lie in the source.</summary>
    private static void ReadStored(
        ITensorSource source, SourceTensor tensor, (int Rows, int Columns) shape, WeightFormat format, RowSink sink)
    {
        ElementType stored = tensor.Type;
        WeightKernels to = WeightKernels.For(format);
        int columns = shape.Columns, rowBytes = stored.RowBytes(columns), wantedRowBytes = to.RowBytes(columns);
        int pieceRows = Math.Clamp(PieceBytesMax / Math.Max(rowBytes, wantedRowBytes), 1, shape.Rows);
        byte[] piece = ArrayPool<byte>.Shared.Rent(pieceRows * rowBytes),
            converted = ArrayPool<byte>.Shared.Rent(pieceRows * wantedRowBytes);
        float[] row = ArrayPool<float>.Shared.Rent(columns);
        for (int begin = 0; begin < shape.Rows; begin += pieceRows)
        {
            int end = Math.Min(begin + pieceRows, shape.Rows);
            Span<byte> bytes = piece.AsSpan(0, (end - begin) * rowBytes);
            source.Read(tensor, (long)begin * rowBytes, bytes);
            // Of other types it is seen when they are decoded.
            if (stored is { IsArranged: true, Format: { } known } && !WeightKernels.For(known).AllFinite(bytes, columns))
                throw NotFinite(tensor.Name, source.Location);
            if (stored.IsArranged && stored.Format == format)
            {
                sink(begin, end, bytes);
                continue;
            }
            Span<byte> result = converted.AsSpan(0, (end - begin) * wantedRowBytes);
            for (int r = 0; r < end - begin; r++)
            {
                ReadOnlySpan<byte> from = bytes.Slice(r * rowBytes, rowBytes);
                Span<byte> into = result.Slice(r * wantedRowBytes, wantedRowBytes);
                if (stored.Format == format)
                {
                    stored.Arrange(from, into, columns);
                    continue;
                }
                stored.Decode(from, row.AsSpan(0, columns));
                to.Encode(row.AsSpan(0, columns), into);
            }
            if (!to.AllFinite(result, columns))
                throw NotFinite(tensor.Name, source.Location);
            sink(begin, end, result);
        }
        ArrayPool<byte>.Shared.Return(piece);
        ArrayPool<byte>.Shared.Return(converted);
        ArrayPool<float>.Shared.Return(row);
    }

    /// <summary>whole[r, begin + i] = columns[i, r]. Some columns at a time, so that what is written lies together.</summary>
    private static void Transpose<T>(ReadOnlySpan<T> columns, Span<T> whole, int begin, TensorSpec spec)
        where T : unmanaged
    {
        const int columnsAtOnce = 64;
        int count = columns.Length / spec.Rows;
        for (int first = 0; first < count; first += columnsAtOnce)
        {
            int length = Math.Min(columnsAtOnce, count - first);
            for (int r = 0; r < spec.Rows; r++)
            {
                Span<T> run = whole.Slice((r * spec.Columns) + begin + first, length);
                for (int i = 0; i < run.Length; i++)
                    run[i] = columns[((first + i) * spec.Rows) + r];
            }
        }
    }

    /// <summary>The error for a tensor with a value that the kernels cannot represent.</summary>
    internal static NeuralinkException NotFinite(string tensorName, string location) => new(
        $"read tensor {tensorName}", "finite weights", $"an infinity or a NaN in {location}",
        "the checkpoint is damaged, or too large for the chosen --weights format");
}
