using System.Numerics.Tensors;
using Neuralink.Kernels;
using Neuralink.Models.Configuration;

namespace Neuralink.Models.Weights;

/// <summary>A normalisation with its weights: RMSNorm, or LayerNorm with a bias.</summary>
public sealed class Norm
{
    private readonly FloatTensor _weight;
    private readonly FloatTensor? _bias;
    private readonly float _epsilon;

    private Norm(FloatTensor weight, FloatTensor? bias, float epsilon)
    {
        _weight = weight;
        _bias = bias;
        _epsilon = epsilon;
    }

    /// <summary>A normalisation of the stream.</summary>
    public static Norm Load(IWeightLoader weights, ModelConfig config, string module)
    {
        FloatTensor weight = FloatTensor.Load(weights, $"{module}.weight", config.HiddenSize);
        FloatTensor? bias = config.Norm == NormKind.Rms ? null : FloatTensor.Load(weights, $"{module}.bias", config.HiddenSize);
        if (config.Norm == NormKind.LayerPlusOne)
            TensorPrimitives.Add(weight.Row(0), 1f, weight.Row(0));
        return new Norm(weight, bias, config.NormEpsilon);
    }

    /// <summary>The RMSNorm of a head of queries or keys.</summary>
    public static Norm LoadHead(IWeightLoader weights, ModelConfig config, string module) =>
        new(FloatTensor.Load(weights, $"{module}.weight", config.HeadSize), bias: null, config.NormEpsilon);

    /// <summary>Normalises each row of <paramref name="x"/> [rows, width] into <paramref name="y"/>, which may be the same.</summary>
    public void Apply(ReadOnlySpan<float> x, Span<float> y)
    {
        int size = _weight.Columns;
        for (int at = 0; at < x.Length; at += size)
        {
            if (_bias is null)
                RmsNorm.Apply(x.Slice(at, size), _weight.Row(0), _epsilon, y.Slice(at, size));
            else
                LayerNorm.Apply(x.Slice(at, size), _weight.Row(0), _bias.Row(0), _epsilon, y.Slice(at, size));
        }
    }
}
