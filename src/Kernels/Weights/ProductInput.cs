namespace Neuralink.Kernels;

/// <summary>
/// What a matrix is multiplied with, [Batch, Columns]: float32, and where the matrix is of a block format the same rounded to 8 bits
/// (<see cref="QuantizedInput"/>), made once for all products of the same input. A span of floats is one as it is, for the float formats.
/// </summary>
public readonly ref struct ProductInput
{
    /// <param name="values">[Batch, Columns].</param>
    /// <param name="quantized">[Batch] rows of <see cref="QuantizedInput.RowBytes"/>, or empty.</param>
    public ProductInput(ReadOnlySpan<float> values, ReadOnlySpan<byte> quantized)
    {
        Values = values;
        Quantized = quantized;
    }

    /// <summary>[Batch, Columns].</summary>
    public ReadOnlySpan<float> Values { get; }

    /// <summary>[Batch] rows of <see cref="QuantizedInput.RowBytes"/>, or empty.</summary>
    public ReadOnlySpan<byte> Quantized { get; }

    /// <summary>An input of the float formats.</summary>
    public static implicit operator ProductInput(ReadOnlySpan<float> values) => new(values, []);

    /// <summary>An input of the float formats.</summary>
    public static implicit operator ProductInput(Span<float> values) => new(values, []);

    /// <summary>An input of the float formats.</summary>
    public static implicit operator ProductInput(float[] values) => new(values, []);

    /// <summary>Rows [first, first + count) of it.</summary>
    /// <param name="first">The first.</param>
    /// <param name="count">How many.</param>
    /// <param name="columns">Of a row.</param>
    public ProductInput Rows(int first, int count, int columns)
    {
        int rowBytes = Quantized.IsEmpty ? 0 : QuantizedInput.RowBytes(columns);
        return new(Values.Slice(first * columns, count * columns), Quantized.Slice(first * rowBytes, count * rowBytes));
    }
}
