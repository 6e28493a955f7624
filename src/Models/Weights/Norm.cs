using Neuralink.Kernels;
using Neuralink.Models.Configuration;

namespace Neuralink.Models.Weights;

/// <summary>A normalisation with its weights: RMSNorm (Llama family) or LayerNorm with a bias (OPT).</summary>
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

    public static Norm Load(IWeightLoader weights, ModelConfig config, string module)
    {
        FloatTensor weight = FloatTensor.Load(weights, $"{module}.weight", config.HiddenSize);
        FloatTensor? bias = config.Family == ModelFamily.Llama ? null : FloatTensor.Load(weights, $"{module}.bias", config.HiddenSize);
        return new Norm(weight, bias, config.NormEpsilon);
    }

    /// <summary>Normalises each row of <paramref name="x"/> [rows, d] into <paramref name="y"/> [rows, d], which may be the same.</summary>
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
