using System.Numerics;
using System.Runtime.InteropServices;

namespace Neuralink.Kernels;

/// <summary>
/// Rotary position embedding (Su et al. 2021, section 3.2), in the Hugging Face arrangement: element i of a head turns with element
/// i + headDim/2 ("rotate_half"), not with its neighbour.
/// </summary>
public static class Rope
{
    /// <summary>
    /// inverseFrequencies[i] = 1 / theta^(2i / headDim), headDim being twice the span's length; rounded as PyTorch's float32.
    /// </summary>
    public static void FillInverseFrequencies(float theta, Span<float> inverseFrequencies)
    {
        int headDim = inverseFrequencies.Length * 2;
        for (int i = 0; i < inverseFrequencies.Length; i++)
            inverseFrequencies[i] = 1f / (float)Math.Pow(theta, 2 * i / (float)headDim);
    }

    /// <summary>
    /// cos[i], sin[i] of position * inverseFrequencies[i], the angle rounded to float32 as PyTorch rounds it. All spans: headDim/2.
    /// </summary>
    public static void FillTable(ReadOnlySpan<float> inverseFrequencies, int position, Span<float> cos, Span<float> sin)
    {
        Require.Length(cos.Length, inverseFrequencies.Length, nameof(cos));
        Require.Length(sin.Length, inverseFrequencies.Length, nameof(sin));
        for (int i = 0; i < inverseFrequencies.Length; i++)
        {
            float angle = position * inverseFrequencies[i];
            cos[i] = (float)Math.Cos(angle);
            sin[i] = (float)Math.Sin(angle);
        }
    }

    /// <summary>
    /// For every head, with half = headDim/2: x'[i] = x[i] cos[i] - x[i+half] sin[i]; x'[i+half] = x[i+half] cos[i] + x[i] sin[i].
    /// </summary>
    /// <param name="heads">[heads, headDim], rotated in place.</param>
    /// <param name="headDim">Elements of a head; even.</param>
    /// <param name="cos">[headDim/2].</param>
    /// <param name="sin">[headDim/2].</param>
    public static void Apply(Span<float> heads, int headDim, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin)
    {
        Validate(heads, headDim, cos, sin);
        int half = headDim / 2;
        for (int begin = 0; begin < heads.Length; begin += headDim)
            Rotate(heads.Slice(begin, half), heads.Slice(begin + half, half), cos, sin);
    }

    internal static void Reference(Span<float> heads, int headDim, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin)
    {
        Validate(heads, headDim, cos, sin);
        for (int begin = 0; begin < heads.Length; begin += headDim)
        {
            Span<float> head = heads.Slice(begin, headDim);
            RotateOneByOne(head[..(headDim / 2)], head[(headDim / 2)..], cos, sin, 0);
        }
    }

    private static void Validate(Span<float> heads, int headDim, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin)
    {
        Require.AtLeast(headDim, 2, nameof(headDim));
        Require.Multiple(headDim, 2, nameof(headDim));
        Require.Multiple(heads.Length, headDim, nameof(heads));
        Require.Length(cos.Length, headDim / 2, nameof(cos));
        Require.Length(sin.Length, headDim / 2, nameof(sin));
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
