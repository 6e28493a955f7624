using System.Numerics;
using System.Runtime.InteropServices;

namespace Neuralink.Kernels;

/// <summary>
/// Rotary position embedding (Su et al. 2021, section 3.2) of the first w elements of each head, all of them or a part. Hugging Face's
/// arrangement lets element i turn with element i + w/2 ("rotate_half"), the paper's with its neighbour.
/// </summary>
public static class Rope
{
    /// <summary>
    /// inverseFrequencies[i] = 1 / theta^(2i / w), w being twice the span's length; rounded as PyTorch's float32.
    /// </summary>
    public static void FillInverseFrequencies(float theta, Span<float> inverseFrequencies)
    {
        int width = inverseFrequencies.Length * 2;
        for (int i = 0; i < inverseFrequencies.Length; i++)
            inverseFrequencies[i] = 1f / (float)Math.Pow(theta, 2 * i / (float)width);
    }

    /// <summary>
    /// amplitude * cos[i], amplitude * sin[i] of position * inverseFrequencies[i], the angle rounded to float32 as PyTorch rounds it. All
    /// spans: w/2.
    /// </summary>
    public static void FillTable(
        ReadOnlySpan<float> inverseFrequencies, int position, float amplitude, Span<float> cos, Span<float> sin)
    {
        Require.Length(cos.Length, inverseFrequencies.Length, nameof(cos));
        Require.Length(sin.Length, inverseFrequencies.Length, nameof(sin));
        for (int i = 0; i < inverseFrequencies.Length; i++)
        {
            float angle = position * inverseFrequencies[i];
            cos[i] = (float)Math.Cos(angle) * amplitude;
            sin[i] = (float)Math.Sin(angle) * amplitude;
        }
    }

    /// <summary>
    /// For every head, with half = w/2 elements of cos: x'[i] = x[i] cos[i] - x[i+half] sin[i]; x'[i+half] = x[i+half] cos[i] + x[i]
    /// sin[i]. Elements from w on stay as they are.
    /// </summary>
    /// <param name="heads">[heads, headDim], rotated in place.</param>
    /// <param name="headDim">Elements of a head.</param>
    /// <param name="cos">[w/2], w being at most headDim; none rotates nothing.</param>
    /// <param name="sin">[w/2].</param>
    public static void Apply(Span<float> heads, int headDim, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin)
    {
        Validate(heads, headDim, cos, sin);
        int half = cos.Length;
        for (int begin = 0; begin < heads.Length; begin += headDim)
            Rotate(heads.Slice(begin, half), heads.Slice(begin + half, half), cos, sin);
    }

    /// <summary>The same for neighbours: x'[2i] = x[2i] cos[i] - x[2i+1] sin[i]; x'[2i+1] = x[2i+1] cos[i] + x[2i] sin[i].</summary>
    public static void ApplyToNeighbours(Span<float> heads, int headDim, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin)
    {
        Validate(heads, headDim, cos, sin);
        for (int begin = 0; begin < heads.Length; begin += headDim)
        {
            for (int i = 0; i < cos.Length; i++)
            {
                ref float first = ref heads[begin + (2 * i)], second = ref heads[begin + (2 * i) + 1];
                (first, second) = ((first * cos[i]) - (second * sin[i]), (second * cos[i]) + (first * sin[i]));
            }
        }
    }

    internal static void Reference(Span<float> heads, int headDim, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin)
    {
        Validate(heads, headDim, cos, sin);
        for (int begin = 0; begin < heads.Length; begin += headDim)
            RotateOneByOne(heads.Slice(begin, cos.Length), heads.Slice(begin + cos.Length, cos.Length), cos, sin, 0);
    }

    private static void Validate(Span<float> heads, int headDim, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin)
    {
        Require.AtLeast(headDim, Math.Max(2 * cos.Length, 1), nameof(headDim));
        Require.Multiple(heads.Length, headDim, nameof(heads));
        Require.Length(sin.Length, cos.Length, nameof(sin));
    }

    private static void Rotate(Span<float> first, Span<float> second, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin)
    {
        Span<Vector<float>> a = MemoryMarshal.Cast<float, Vector<float>>(first);
        Span<Vector<float>> b = MemoryMarshal.Cast<float, Vector<float>>(second);
        ReadOnlySpan<Vector<float>> c = MemoryMarshal.Cast<float, Vector<float>>(cos);
        ReadOnlySpan<Vector<float>> s = MemoryMarshal.Cast<float, Vector<float>>(sin);
        for (int i = 0; i < a.Length; i++)
        {
            Vector<float> x = a[i], y = b[i];
            a[i] = (x * c[i]) - (y * s[i]);
            b[i] = (y * c[i]) + (x * s[i]);
        }

        RotateOneByOne(first, second, cos, sin, a.Length * Vector<float>.Count);
    }

    private static void RotateOneByOne(
        Span<float> first, Span<float> second, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin, int begin)
    {
        for (int i = begin; i < first.Length; i++)
        {
            float x = first[i], y = second[i];
            first[i] = (x * cos[i]) - (y * sin[i]);
            second[i] = (y * cos[i]) + (x * sin[i]);
        }
    }
}
