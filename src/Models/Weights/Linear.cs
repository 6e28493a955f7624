using Neuralink.Kernels;
using Neuralink.Storage.Memory;

namespace Neuralink.Models.Weights;

/// <summary>y = W x + b, with W [Rows, Columns] in its weight format and b [Rows] float32 or none.</summary>
public sealed class Linear
{
    private Linear(WeightMatrix weights, FloatTensor? bias)
    {
        Weights = weights;
        Bias = bias;
    }

    public WeightMatrix Weights { get; }

    public FloatTensor? Bias { get; }

    /// <summary>Loads one module: `module.weight`, and `module.bias` if <paramref name="bias"/>.</summary>
    public static Linear Load(ITensorSource source, NativeArena arena, WeightFormat format, bool bias, string purpose, string module, int rows, int columns) =>
        Load(source, arena, format, bias, purpose, columns, (module, rows));

    /// <summary>Loads modules of the same input as one matrix, their rows one after the other, so that one product computes them all.</summary>
    public static Linear Load(
        ITensorSource source, NativeArena arena, WeightFormat format, bool bias, string purpose, int columns, params ReadOnlySpan<(string Module, int Rows)> parts)
    {
        int rows = 0;
        foreach ((_, int partRows) in parts)
            rows += partRows;
        WeightMatrix weights = new(arena, format, rows, columns, purpose);
        FloatTensor? biases = bias ? new(arena, 1, rows, purpose) : null;
        int row = 0;
        foreach ((string module, int partRows) in parts)
        {
            TensorReader.Fill(source, new TensorSpec($"{module}.weight", partRows, columns, TensorPlace.Resident), weights, row);
            if (biases is not null)
                TensorReader.Fill(source, new TensorSpec($"{module}.bias", partRows, 0, TensorPlace.Resident), biases, row);
            row += partRows;
        }
        return new Linear(weights, biases);
    }
}
