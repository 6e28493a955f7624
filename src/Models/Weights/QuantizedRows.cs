using Neuralink.Kernels;
using Neuralink.Storage.Memory;

namespace Neuralink.Models.Weights;

/// <summary>Room for an input of products in 8 bits (<see cref="QuantizedInput"/>), of up to Rows rows, in native memory.</summary>
public sealed class QuantizedRows
{
    private readonly NativeBuffer _buffer;

    private QuantizedRows(NativeArena arena, int rows, int columns) =>
        _buffer = arena.Allocate(RequiredBytes(rows, columns), "activations");

    /// <summary>Room where a format wants it, else null.</summary>
    /// <param name="arena">Takes it.</param>
    /// <param name="format">Of the matrices that the input is multiplied with.</param>
    /// <param name="rows">The most rows.</param>
    /// <param name="columns">The most columns.</param>
    public static QuantizedRows? For(NativeArena arena, WeightFormat format, int rows, int columns) =>
        For(arena, WeightKernels.For(format).QuantizesInput, rows, columns);

    /// <summary>Room where it is wanted, else null.</summary>
    public static QuantizedRows? For(NativeArena arena, bool isWanted, int rows, int columns) =>
        isWanted ? new(arena, rows, columns) : null;

    /// <summary>Bytes of the same.</summary>
    public static long RequiredBytes(WeightFormat format, long rows, int columns) =>
        RequiredBytes(WeightKernels.For(format).QuantizesInput, rows, columns);

    /// <summary>Bytes of the same.</summary>
    public static long RequiredBytes(bool isWanted, long rows, int columns) => isWanted ? RequiredBytes(rows, columns) : 0;

    /// <summary>Rounds an input.</summary>
    /// <param name="x">[batch, columns].</param>
    /// <param name="columns">Of a row.</param>
    public void Make(ReadOnlySpan<float> x, int columns)
    {
        int rowBytes = QuantizedInput.RowBytes(columns);
        for (int row = 0; row * columns < x.Length; row++)
            QuantizedInput.Quantize(x.Slice(row * columns, columns), _buffer.Bytes((long)row * rowBytes, rowBytes));
    }

    /// <summary>The input of products: with what <see cref="Make"/> rounded last, or as it is where nobody wants it rounded.</summary>
    /// <param name="rounded">Where it is rounded, or null.</param>
    /// <param name="x">[batch, columns].</param>
    /// <param name="columns">Of a row.</param>
    public static ProductInput InputOf(QuantizedRows? rounded, ReadOnlySpan<float> x, int columns) =>
        rounded is null ? x : new ProductInput(x, rounded._buffer.Bytes(0, x.Length / columns * QuantizedInput.RowBytes(columns)));

    private static long RequiredBytes(long rows, int columns) => NativeArena.Aligned(rows * QuantizedInput.RowBytes(columns));
}
