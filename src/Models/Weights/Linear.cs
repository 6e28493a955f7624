using Neuralink.Kernels;

namespace Neuralink.Models.Weights;

/// <summary>
/// y = W x + b, with W [Rows, Columns] and b [Rows] float32 or none. W is one matrix, or several of the same input, their rows one after
/// the other, where these are of different formats.
/// </summary>
public sealed class Linear
{
    private readonly WeightMatrix[] _parts;

    /// <summary>W x, with a matrix that is in memory already.</summary>
    public Linear(WeightMatrix weights)
        : this([weights], bias: null)
    {
    }

    private Linear(WeightMatrix[] parts, FloatTensor? bias)
    {
        _parts = parts;
        Bias = bias;
        Rows = parts.Sum(part => part.Rows);
        QuantizesInput = parts.Any(part => part.Kernels.QuantizesInput);
    }

    /// <summary>Values of y.</summary>
    public int Rows { get; }

    /// <summary>Values of x.</summary>
    public int Columns => _parts[0].Columns;

    /// <summary>Whether x is wanted in 8 bits.</summary>
    public bool QuantizesInput { get; }

    /// <summary>The matrix, where it is one.</summary>
    public WeightMatrix Weights => _parts.Length == 1 ? _parts[0] : throw new InvalidOperationException("It is several matrices.");

    public FloatTensor? Bias { get; }

    /// <summary>y[b, r] = (W x[b] + b)[r] for rows <paramref name="begin"/> to <paramref name="end"/>, the share of one worker.</summary>
    /// <param name="x">[batch, Columns].</param>
    /// <param name="y">[batch, Rows].</param>
    /// <param name="batch">Rows of x.</param>
    /// <param name="begin">The first row of the share.</param>
    /// <param name="end">One past the last.</param>
    public void Multiply(ProductInput x, Span<float> y, int batch, int begin, int end)
    {
        int partBegin = 0;
        foreach (WeightMatrix part in _parts)
        {
            int from = Math.Max(begin, partBegin), to = Math.Min(end, partBegin + part.Rows);
            if (from < to)
            {
                ReadOnlySpan<float> bias = Bias is null ? default : Bias.Row(0)[from..to];
                part.Kernels.MatMul(
                    part.Range(from - partBegin, to - partBegin), x, bias, y, new MatMulShape(to - from, Columns, batch, from, Rows));
            }
            partBegin += part.Rows;
        }
    }

    /// <summary>y[b] = (W x[b] + b)[row], with the bits of <see cref="Multiply"/>.</summary>
    /// <param name="row">The row of W.</param>
    /// <param name="x">[batch, Columns].</param>
    /// <param name="y">[batch].</param>
    public void MultiplyRow(int row, ProductInput x, Span<float> y)
    {
        ReadOnlySpan<float> bias = Bias is null ? default : Bias.Row(0).Slice(row, 1);
        Weights.Kernels.MatMul(Weights.Row(row), x, bias, y, MatMulShape.Whole(1, Columns, y.Length));
    }

    /// <summary>Loads one module: `module.weight`, and `module.bias` if <paramref name="bias"/>.</summary>
    public static Linear Load(IWeightLoader weights, ModelFormats formats, bool bias, string module, int rows, int columns) =>
        Load(weights, formats, bias, columns, (module, rows));

    /// <summary>
    /// Loads modules of the same input as one matrix, their rows one after the other, so that one product computes them all.
    /// </summary>
    public static Linear Load(
        IWeightLoader weights, ModelFormats formats, bool bias, int columns, params ReadOnlySpan<(string Module, int Rows)> parts)
    {
        TensorSpec[] matrices = new TensorSpec[parts.Length], biases = new TensorSpec[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            (string module, int partRows) = parts[i];
            matrices[i] = new TensorSpec($"{module}.weight", partRows, columns, TensorPlace.Resident);
            biases[i] = new TensorSpec($"{module}.bias", partRows, 0, TensorPlace.Resident);
        }
        return new Linear(
            [.. matrices.Select(formats.Of).Distinct().Count() == 1 ? [Matrix(matrices)] : matrices.Select(spec => Matrix([spec]))],
            bias ? new FloatTensor(weights.Load(WeightFormat.F32, biases)) : null);

        WeightMatrix Matrix(TensorSpec[] specs)
        {
            WeightFormat format = formats.Of(specs[0]);
            return new WeightMatrix(format, specs.Sum(spec => spec.Rows), columns, weights.Load(format, specs));
        }
    }
}
