using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Neuralink.Kernels;

/// <summary>
/// Softmax over one row, without subnormal numbers: a processor may take 150 cycles for each (see <see cref="HalfBits"/>), here and
/// where the probabilities are multiplied. No exponent below <see cref="ExponentMin"/> is taken, and what comes out below
/// <see cref="ProbabilityMin"/> is zero. This changes no other value: next to 1, which the largest element adds to the sum, they vanish.
/// </summary>
public static class Softmax
{
    /// <summary>2^-102. Times a binary16, which is at least 2^-24, it is a normal number still.</summary>
    internal const float ProbabilityMin = 1f / (1L << 51) / (1L << 51);

    // exp(-72) is below ProbabilityMin, and divided by the sum of a row of up to 2^22 elements still a normal number.
    private const float ExponentMin = -72f;

    /// <summary>
    /// y[i] = exp(x[i] - max) / sum over j of exp(x[j] - max), or 0 where that is below 2^-102. One length; y may be x. An empty row stays
    /// empty.
    /// </summary>
    public static void Apply(ReadOnlySpan<float> x, Span<float> y)
    {
        Require.Length(y.Length, x.Length, nameof(y));
        if (x.IsEmpty)
            return;

        TensorPrimitives.Subtract(x, TensorPrimitives.Max(x), y);
        TensorPrimitives.Max(y, ExponentMin, y);
        TensorPrimitives.Exp(y, y);
        TensorPrimitives.Divide(y, Reductions.Sum(y), y);
        ClearSmallest(y);
    }

    internal static void Reference(ReadOnlySpan<float> x, Span<float> y)
    {
        double max = double.NegativeInfinity;
        foreach (float value in x)
            max = Math.Max(max, value);

        double sum = 0;
        foreach (float value in x)
            sum += Math.Exp(value - max);

        for (int i = 0; i < x.Length; i++)
        {
            double probability = Math.Exp(x[i] - max) / sum;
            y[i] = probability < ProbabilityMin ? 0f : (float)probability;
        }
    }

    private static void ClearSmallest(Span<float> y)
    {
        Span<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(y);
        foreach (ref Vector<float> vector in vectors)
            vector = Vector.AndNot(vector, Vector.LessThan(vector, new Vector<float>(ProbabilityMin)).As<int, float>());

        foreach (ref float value in y[(vectors.Length * Vector<float>.Count)..])
            value = value < ProbabilityMin ? 0f : value;
    }
}
