using Neuralink.Storage.Safetensors;

namespace Neuralink.Storage.Pickle;

/// <summary>
/// Reads a tensor row by row that lies in its file in another order: transposed, with gaps, or one element for many. Memory is constant,
/// and what is read at once is what lies together.
/// </summary>
/// <param name="read">Reads bytes of the file at an offset.</param>
/// <param name="view">The tensor.</param>
internal sealed class StridedReads(StridedReads.ReadAt read, TorchView view)
{
    private const int SpanBytesMax = 256 << 10;

    private readonly int _elementBytes = view.Dtype.SizeBytes();
    private readonly byte[] _span = new byte[SpanBytesMax];

    public delegate void ReadAt(long fileOffset, Span<byte> destination);

    /// <summary>Fills <paramref name="destination"/> with elements from <paramref name="first"/> on, in row order.</summary>
    public void Fill(long first, Span<byte> destination)
    {
        (long columns, long columnStride) = view.Dimensions[^1];
        (long rows, long rowStride) = view.Dimensions.Length > 1 ? view.Dimensions[^2] : (1, 0);
        int rowBytes = checked((int)Math.Min(columns * _elementBytes, int.MaxValue));
        while (destination.Length > 0)
        {
            (long row, long column) = Math.DivRem(first, columns);
            (long plane, long rowOfPlane) = Math.DivRem(row, rows);
            long at = PlaneOffset(plane) + (((rowOfPlane * rowStride) + (column * columnStride)) * _elementBytes);
            long wholeRows = column == 0 ? Math.Min(destination.Length / rowBytes, rows - rowOfPlane) : 0;
            Span<byte> part;
            if (wholeRows > 1 && rowStride < columnStride)
            {
                part = destination[..(int)(wholeRows * rowBytes)];
                for (int c = 0; c < columns; c++)
                    Gather(at + (c * columnStride * _elementBytes), rowStride, part[(c * _elementBytes)..], rowBytes, (int)wholeRows);
            }
            else
            {
                int count = (int)Math.Min(destination.Length / _elementBytes, columns - column);
                part = destination[..(count * _elementBytes)];
                Gather(at, columnStride, part, _elementBytes, count);
            }
            first += part.Length / _elementBytes;
            destination = destination[part.Length..];
        }
    }

    /// <summary>Where the first element of the last two dimensions lies, for a number of all the dimensions before them.</summary>
    private long PlaneOffset(long plane)
    {
        long elements = 0;
        for (int i = view.Dimensions.Length - 3; i >= 0; i--)
        {
            (plane, long index) = Math.DivRem(plane, view.Dimensions[i].Size);
            elements += index * view.Dimensions[i].Stride;
        }
        return view.FileOffset + (elements * _elementBytes);
    }

    /// <summary>
    /// Elements that lie <paramref name="stride"/> elements apart, to places <paramref name="stepBytes"/> apart.
    /// </summary>
    private void Gather(long fileOffset, long stride, Span<byte> destination, int stepBytes, int count)
    {
        if (stride == 1 && stepBytes == _elementBytes)
        {
            read(fileOffset, destination[..(count * _elementBytes)]);
            return;
        }
        long strideBytes = stride * _elementBytes;
        int atOnce = strideBytes == 0 ? count : (int)Math.Clamp((SpanBytesMax - _elementBytes) / strideBytes + 1, 1, count);
        for (int begin = 0; begin < count; begin += atOnce)
        {
            int end = Math.Min(begin + atOnce, count);
            Span<byte> span = _span.AsSpan(0, (int)((end - 1 - begin) * strideBytes) + _elementBytes);
            read(fileOffset + (begin * strideBytes), span);
            for (int i = begin; i < end; i++)
                span.Slice((int)((i - begin) * strideBytes), _elementBytes).CopyTo(destination[(i * stepBytes)..]);
        }
    }
}
