using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Neuralink.Kernels;

/// <summary>
/// Chooses a row's scale: from the best one for normal weights (Max 1960, table 2), then in turns the levels for the scale and the scale
/// for the levels, each of which can only lower the error (Lloyd 1982, section V; "Least Squares Quantization in PCM").
/// </summary>
internal static class SketchQuantizer
{
    // Normal weights have moved by less than a thousandth after the first; weights of another distribution need the others.
    private const int Rounds = 4;

    /// <summary>
    /// Quantises <paramref name="row"/> [columns] to the levels 0 to 2^bits - 1, as floats in <paramref name="levels"/> [columns].
    /// </summary>
    public static SketchRow Quantize(int bits, ReadOnlySpan<float> row, Span<float> levels)
    {
        float half = 1 << (bits - 1), size = MathF.Sqrt(Reductions.SumOfSquares(row) / Math.Max(row.Length, 1));
        float scale = size * StepOfNormal(bits) / 2;
        if (!float.IsNormal(scale))
        {
            levels.Fill(half);
            return new SketchRow(0, MathF.Sqrt(Reductions.SumOfSquares(row)));
        }

        float product = 0;
        for (int round = 0; round < Rounds; round++)
        {
            // What they stand for, in scales: the odd numbers -2^bits + 1 to 2^bits - 1.
            TensorPrimitives.Multiply(row, 0.5f / scale, levels);
            TensorPrimitives.Floor(levels, levels);
            TensorPrimitives.Max(levels, -half, levels);
            TensorPrimitives.Min(levels, half - 1, levels);
            TensorPrimitives.Multiply(levels, 2f, levels);
            TensorPrimitives.Add(levels, 1f, levels);
            product = WeightKernels.For(WeightFormat.F32).Dot(MemoryMarshal.AsBytes(row), levels);
            scale = product / Reductions.SumOfSquares(levels);
        }

        // |w - s l|^2 = |w|^2 - s (w l) for the best s.
        float left = Reductions.SumOfSquares(row) - (scale * product);
        TensorPrimitives.Multiply(levels, 0.5f, levels);
        TensorPrimitives.Add(levels, half - 0.5f, levels);
        return new SketchRow(scale, MathF.Sqrt(MathF.Max(left, 0)));
    }

    /// <summary>The best step for weights of a standard normal distribution.</summary>
    private static float StepOfNormal(int bits) => bits switch
    {
        2 => 0.9957f,
        3 => 0.5860f,
        4 => 0.3352f,
        _ => throw new ArgumentOutOfRangeException(nameof(bits), bits, "No such sketch."),
    };
}

/// <summary>What belongs to one row of a sketch beside its packed weights.</summary>
/// <param name="Scale">A weight of level q (0 to 2^bits - 1) stands for Scale * (2 q - 2^bits + 1): half a step, from a level to
/// the middle between two.</param>
/// <param name="Error">The norm of what quantising took from the row, |w - w~|.</param>
public readonly record struct SketchRow(float Scale, float Error);
