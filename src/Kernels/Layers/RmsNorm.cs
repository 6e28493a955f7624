using System.Numerics.Tensors;

namespace Neuralink.Kernels;

/// <summary>Root mean square normalisation (Zhang and Sennrich 2019, section 3, equation 4).</summary>
public static class RmsNorm
{
    /// <summary>y[i] = x[i] / sqrt(mean over j of x[j]^2 + epsilon) * weight[i]. All spans have one length; y may be x.</summary>
    public static void Apply(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, float epsilon, Span<float> y)
    {
        Require.Length(weight.Length, x.Length, nameof(weight));
        Require.Length(y.Length, x.Length, nameof(y));
        float scale = 1f / MathF.Sqrt((Reductions.SumOfSquares(x) / x.Length) + epsilon);
        TensorPrimitives.Multiply(x, scale, y);
        TensorPrimitives.Multiply(y, weight, y);
    }

    internal static void Reference(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, float epsilon, Span<float> y)
    {
        double squares = 0;
        foreach (float value in x)
            squares += (double)value * value;

        for (int i = 0; i < x.Length; i++)
            y[i] = (float)(x[i] / Math.Sqrt((squares / x.Length) + epsilon) * weight[i]);
    }
}
