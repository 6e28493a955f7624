using System.Runtime.InteropServices;
using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;

namespace Neuralink.Models.Training.Decomposition;

/// <summary>The matrices that decide which neurons fire, read layer by layer in the file's order: one is in memory.</summary>
/// <param name="tensors">predictor.safetensors of an image.</param>
/// <param name="config">The model's shape.</param>
internal sealed class DecidingMatrices(ITensorSource tensors, ModelConfig config)
{
    private DecidingMatrix? _last;

    /// <summary>The matrix of a layer, which comes after those that were asked for; a shared FFN has one for all.</summary>
    public DecidingMatrix Read(int layer)
    {
        if (config.SharedFfn && _last is not null)
            return _last;
        _last = null;
        string module = TensorNames.Layer(config, layer).Deciding;
        float[] weights = Values($"{module}.weight", config.HiddenSize), bias = new float[config.FfnSize];
        if (config.FfnBias)
            bias = Values($"{module}.bias", columns: 0);
        return _last = new DecidingMatrix(weights, bias, config.ActivationOf(layer));
    }

    private float[] Values(string name, int columns)
    {
        TensorSpec spec = new(name, config.FfnSize, columns, TensorPlace.Predictor);
        float[] values = new float[spec.ElementCount];
        TensorReader.ReadRows(
            tensors, spec, WeightFormat.F32, (begin, _, rows) =>
                MemoryMarshal.Cast<byte, float>(rows).CopyTo(values.AsSpan(begin * Math.Max(1, columns))));
        return values;
    }
}

/// <summary>What decides which neurons of a layer fire: Activation(Weights x + Bias).</summary>
/// <param name="Weights">[f, d].</param>
/// <param name="Bias">[f].</param>
/// <param name="Activation">The layer's.</param>
internal sealed record DecidingMatrix(float[] Weights, float[] Bias, Activation Activation);
