using System.Numerics.Tensors;

namespace Neuralink.Kernels;

/// <summary>Layer normalisation (Ba, Kiros and Hinton 2016, section 3).</summary>
public static class LayerNorm
{
    /// <summary>
    /// y[i] = (x[i] - mean) / sqrt(variance + epsilon) * weight[i] + bias[i], with the population's variance. All spans have one length;
    /// y may be x.
    /// </summary>
    public static void Apply(
        ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, float epsilon, Span<float> y)
    {
        Require.Length(weight.Length, x.Length, nameof(weight));
        Require.Length(bias.Length, x.Length, nameof(bias));
        Require.Length(y.Length, x.Length, nameof(y));

        // Two passes: the sum of squared differences loses nothing to cancellation.
        TensorPrimitives.Subtract(x, Reductions.Sum(x) / x.Length, y);
        float scale = 1f / MathF.Sqrt((Reductions.SumOfSquares(y) / y.Length) + epsilon);
        TensorPrimitives.Multiply(y, scale, y);
        TensorPrimitives.FusedMultiplyAdd(y, weight, bias, y);
    }

    internal static void Reference(
        ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, float epsilon, Span<float> y)
    {
        double mean = 0;
        foreach (float value in x)
            mean += (double)value / x.Length;

        double variance = 0;
        foreach (float value in x)
            variance += (value - mean) * (value - mean) / x.Length;

        for (int i = 0; i < x.Length; i++)
            y[i] = (float)(((x[i] - mean) / Math.Sqrt(variance + epsilon) * weight[i]) + bias[i]);
    }
}
