using Neuralink.Kernels;

namespace Neuralink.Models.Weights;

/// <summary>y = W x + b, with W [Rows, Columns] in its weight format and b [Rows] float32 or none.</summary>
public sealed class Linear
{
    /// <summary>W x, with a matrix that is in memory already.</summary>
    public Linear(WeightMatrix weights)
        : this(weights, bias: null)
    {
    }

    private Linear(WeightMatrix weights, FloatTensor? bias)
    {
        Weights = weights;
        Bias = bias;
    }

    public WeightMatrix Weights { get; }

    public FloatTensor? Bias { get; }

    /// <summary>y[b, r] = (W x[b] + b)[r] for rows <paramref name="begin"/> to <paramref name="end"/>, the share of one worker.</summary>
    /// <param name="x">[batch, Columns].</param>
    /// <param name="y">[batch, Rows].</param>
    /// <param name="batch">Rows of x.</param>
    /// <param name="begin">The first row of the share.</param>
    /// <param name="end">One past the last.</param>
    public void Multiply(ProductInput x, Span<float> y, int batch, int begin, int end)
    {
        ReadOnlySpan<float> bias = Bias is null ? default : Bias.Row(0)[begin..end];
        Weights.Kernels.MatMul(
            Weights.Range(begin, end), x, bias, y, new MatMulShape(end - begin, Weights.Columns, batch, begin, Weights.Rows));
    }

    /// <summary>Loads one module: `module.weight`, and `module.bias` if <paramref name="bias"/>.</summary>
    public static Linear Load(IWeightLoader weights, WeightFormat format, bool bias, string module, int rows, int columns) =>
        Load(weights, format, bias, columns, (module, rows));

    /// <summary>
    /// Loads modules of the same input as one matrix, their rows one after the other, so that one product computes them all.
    /// </summary>
    public static Linear Load(
        IWeightLoader weights, WeightFormat format, bool bias, int columns, params ReadOnlySpan<(string Module, int Rows)> parts)
    {
        TensorSpec[] matrices = new TensorSpec[parts.Length], biases = new TensorSpec[parts.Length];
        int rows = 0;
        for (int i = 0; i < parts.Length; i++)
        {
            (string module, int partRows) = parts[i];
            matrices[i] = new TensorSpec($"{module}.weight", partRows, columns, TensorPlace.Resident);
            biases[i] = new TensorSpec($"{module}.bias", partRows, 0, TensorPlace.Resident);
            rows += partRows;
        }
        return new Linear(
            new WeightMatrix(format, rows, columns, weights.Load(format, matrices)),
            bias ? new FloatTensor(weights.Load(WeightFormat.F32, biases)) : null);
    }
}
