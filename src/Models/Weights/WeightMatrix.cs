using Neuralink.Kernels;
using Neuralink.Storage.Memory;

namespace Neuralink.Models.Weights;

/// <summary>
/// A weight matrix [Rows, Columns] in native memory, row-major in its weight format. May exceed 2 GiB; a span of rows may not.
/// </summary>
public sealed class WeightMatrix
{
    private readonly NativeBuffer _buffer;

    /// <summary>Allocates the matrix; its bytes are zero until filled.</summary>
    public WeightMatrix(NativeArena arena, WeightFormat format, int rows, int columns, string purpose)
        : this(format, rows, columns, arena.Allocate((long)rows * WeightKernels.For(format).RowBytes(columns), purpose))
    {
    }

    /// <param name="format">Of its weights.</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="buffer">Its bytes.</param>
    public WeightMatrix(WeightFormat format, int rows, int columns, NativeBuffer buffer)
    {
        Format = format;
        Kernels = WeightKernels.For(format);
        Rows = rows;
        Columns = columns;
        RowBytes = Kernels.RowBytes(columns);
        _buffer = buffer.LengthBytes == (long)rows * RowBytes
            ? buffer
            : throw new ArgumentException($"{buffer.LengthBytes} bytes are no {rows} rows of {RowBytes}.", nameof(buffer));
    }

    public WeightFormat Format { get; }

    /// <summary>The kernels of <see cref="Format"/>.</summary>
    public WeightKernels Kernels { get; }

    public int Rows { get; }

    public int Columns { get; }

    public int RowBytes { get; }

    /// <summary>The bytes of one row.</summary>
    public ReadOnlySpan<byte> Row(int index) => _buffer.Bytes((long)index * RowBytes, RowBytes);

    /// <summary>The bytes of rows <paramref name="begin"/> to <paramref name="end"/>.</summary>
    public ReadOnlySpan<byte> Range(int begin, int end) => WritableRange(begin, end);

    /// <summary>The same, for whoever fills the matrix before anybody reads it.</summary>
    internal Span<byte> WritableRange(int begin, int end) => _buffer.Bytes((long)begin * RowBytes, checked((end - begin) * RowBytes));
}
