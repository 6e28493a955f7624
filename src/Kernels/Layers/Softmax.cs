using System.Numerics.Tensors;

namespace Neuralink.Kernels;

/// <summary>Softmax over one row.</summary>
public static class Softmax
{
    /// <summary>y[i] = exp(x[i] - max) / sum over j of exp(x[j] - max). One length; y may be x. An empty row stays empty.</summary>
    public static void Apply(ReadOnlySpan<float> x, Span<float> y)
    {
        Require.Length(y.Length, x.Length, nameof(y));
        if (x.IsEmpty)
        {
            return;
        }

        TensorPrimitives.Subtract(x, TensorPrimitives.Max(x), y);
        TensorPrimitives.Exp(y, y);
        TensorPrimitives.Divide(y, Reductions.Sum(y), y);
    }

    internal static void Reference(ReadOnlySpan<float> x, Span<float> y)
    {
        double max = double.NegativeInfinity;
        foreach (float value in x)
        {
            max = Math.Max(max, value);
        }

        double sum = 0;
        foreach (float value in x)
        {
            sum += Math.Exp(value - max);
        }

        for (int i = 0; i < x.Length; i++)
        {
            y[i] = (float)(Math.Exp(x[i] - max) / sum);
        }
    }
}
