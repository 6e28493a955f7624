using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Storage.Memory;

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

    public static Norm Load(ITensorSource source, NativeArena arena, ModelConfig config, string module, string purpose)
    {
        int size = config.HiddenSize;
        FloatTensor weight = new(arena, 1, size, purpose);
        TensorReader.Fill(source, new TensorSpec($"{module}.weight", size, 0, TensorPlace.Resident), weight);
        if (config.Family == ModelFamily.Llama)
            return new Norm(weight, null, config.NormEpsilon);
        FloatTensor bias = new(arena, 1, size, purpose);
        TensorReader.Fill(source, new TensorSpec($"{module}.bias", size, 0, TensorPlace.Resident), bias);
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
