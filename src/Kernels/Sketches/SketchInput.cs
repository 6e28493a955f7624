using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Neuralink.Kernels;

/// <summary>
/// An input x of a sketch's products, quantised to whole numbers q of -127 to 127 by one scale: what belongs to it beside q.
/// </summary>
/// <param name="Scale">x~[c] = Scale * q[c].</param>
/// <param name="Sum">The sum of all q.</param>
/// <param name="Norm">|x|, of the input as it was.</param>
/// <param name="Error">|x - x~|.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct SketchInput(float Scale, int Sum, float Norm, float Error)
{
    private const int LevelMax = 127;

    // A vector of values this small has no scale that is a normal number; it is taken for zero.
    private const float Smallest = 1e-30f;

    private const int Block = 16;

    /// <summary>
    /// q[c] = round(x[c] * 127 / max |x|), to even; zero beyond x. The same bits on every instruction set. What is not finite makes the
    /// scale, and so every product, NaN.
    /// </summary>
    /// <param name="x">[columns].</param>
    /// <param name="q">[columns or more].</param>
    public static SketchInput Quantize(ReadOnlySpan<float> x, Span<sbyte> q)
    {
        Require.AtLeast(q.Length, x.Length, nameof(q));
        q.Clear();
        float largest = x.IsEmpty ? 0 : MathF.Abs(TensorPrimitives.MaxMagnitude(x));
        if (!float.IsFinite(largest))
            return new SketchInput(float.NaN, 0, float.NaN, float.NaN);

        float norm = MathF.Sqrt(Reductions.SumOfSquares(x));
        if (largest < Smallest)
            return new SketchInput(0, 0, norm, norm);

        float scale = largest / LevelMax;
        Sums sums = default;
        int c = 0;
        for (; c <= x.Length - Block; c += Block)
            RoundBlock(x.Slice(c, Block), LevelMax / largest, scale, q.Slice(c, Block), ref sums);

        if (c < x.Length)
        {
            Span<float> tail = stackalloc float[Block];
            tail.Clear();
            x[c..].CopyTo(tail);
            Span<sbyte> rounded = stackalloc sbyte[Block];
            RoundBlock(tail, LevelMax / largest, scale, rounded, ref sums);
            rounded[..(x.Length - c)].CopyTo(q[c..]);
        }

        return new SketchInput(scale, Vector128.Sum(sums.Levels), norm, MathF.Sqrt(Lanes128.Fold(sums.Squares)));
    }

    internal static SketchInput Reference(ReadOnlySpan<float> x, Span<sbyte> q)
    {
        float largest = 0;
        foreach (float value in x)
            largest = MathF.Max(largest, MathF.Abs(value));

        int sum = 0;
        double norm = 0, error = 0;
        q.Clear();
        for (int c = 0; c < x.Length; c++)
        {
            q[c] = largest < Smallest ? (sbyte)0 : (sbyte)MathF.Round(x[c] * (LevelMax / largest));
            sum += q[c];
            norm += (double)x[c] * x[c];
            error += Math.Pow((double)x[c] - (largest / LevelMax * q[c]), 2);
        }

        return new SketchInput(largest < Smallest ? 0 : largest / LevelMax, sum, (float)Math.Sqrt(norm), (float)Math.Sqrt(error));
    }

    // 128 bits on every machine, so that the sum of squares has one order; this is a thousandth of a product's work.
    private static void RoundBlock(ReadOnlySpan<float> x, float perUnit, float scale, Span<sbyte> q, ref Sums sums)
    {
        ref float source = ref MemoryMarshal.GetReference(x);
        Vector128<int> q0 = Levels(Vector128.LoadUnsafe(ref source), perUnit, scale, ref sums);
        Vector128<int> q1 = Levels(Vector128.LoadUnsafe(ref source, 4), perUnit, scale, ref sums);
        Vector128<int> q2 = Levels(Vector128.LoadUnsafe(ref source, 8), perUnit, scale, ref sums);
        Vector128<int> q3 = Levels(Vector128.LoadUnsafe(ref source, 12), perUnit, scale, ref sums);
        Vector128.Narrow(Vector128.Narrow(q0, q1), Vector128.Narrow(q2, q3)).CopyTo(q);
    }

    private static Vector128<int> Levels(Vector128<float> x, float perUnit, float scale, ref Sums sums)
    {
        Vector128<float> rounded = Vector128.Round(x * perUnit);
        Vector128<float> left = x - (rounded * scale);
        Vector128<int> levels = Vector128.ConvertToInt32(rounded);
        sums.Squares += left * left;
        sums.Levels += levels;
        return levels;
    }

    [StructLayout(LayoutKind.Auto)]
    private struct Sums
    {
        public Vector128<int> Levels;
        public Vector128<float> Squares;
    }
}
