using Neuralink.Kernels;

namespace Neuralink.Models.Configuration;

/// <summary>How fast the pairs of a head turn from one position to the next, after any stretching.</summary>
public sealed class RotaryFrequencies
{
    private RotaryFrequencies(float[] inverse, float amplitude) => (Inverse, Amplitude) = (inverse, amplitude);

    /// <summary>Radians a position, [rotary width / 2]; empty where positions are not rotations.</summary>
    public float[] Inverse { get; }

    /// <summary>What cosines and sines are multiplied with.</summary>
    public float Amplitude { get; }

    /// <summary>Those of a model.</summary>
    /// <param name="config">The model.</param>
    /// <param name="contextTokens">
    /// The most positions of a sequence. LongRoPE has other frequencies where that exceeds the original context. They are chosen once for
    /// all positions, as llama.cpp does, so that a token does not depend on how many follow it.
    /// </param>
    public static RotaryFrequencies Of(ModelConfig config, int contextTokens)
    {
        float[] inverse = new float[config.RotaryWidth / 2];
        Rope.FillInverseFrequencies(config.RopeTheta, inverse);
        if (config.RopeScaling is not { } scaling)
            return new RotaryFrequencies(inverse, 1);
        switch (scaling.Kind)
        {
            case RopeScalingKind.Linear:
                foreach (ref float frequency in inverse.AsSpan())
                    frequency /= scaling.Factor;
                break;
            case RopeScalingKind.Llama3:
                foreach (ref float frequency in inverse.AsSpan())
                    frequency = Llama3(scaling, frequency);
                break;
            case RopeScalingKind.Yarn:
                Yarn(config, scaling, inverse);
                break;
            case RopeScalingKind.LongRope:
                IReadOnlyList<float> factors =
                    contextTokens > scaling.OriginalContextLength ? scaling.LongFactors : scaling.ShortFactors;
                for (int i = 0; i < inverse.Length; i++)
                    inverse[i] /= factors[i];
                break;
            default:
                throw new InvalidOperationException($"{scaling.Kind} is no way of stretching.");
        }
        return new RotaryFrequencies(inverse, scaling.Amplitude);
    }

    // Wavelengths between original/high and original/low blend from kept to divided.
    private static float Llama3(RopeScaling scaling, float frequency)
    {
        float wavelength = 2 * MathF.PI / frequency;
        float turns = scaling.OriginalContextLength / wavelength;
        float keep = Math.Clamp(
            (turns - scaling.LowFrequencyFactor) / (scaling.HighFrequencyFactor - scaling.LowFrequencyFactor), 0f, 1f);
        return ((1 - keep) * frequency / scaling.Factor) + (keep * frequency);
    }

    // From the pair that turns BetaFast times within the original context to that which turns BetaSlow times, kept blends to divided.
    private static void Yarn(ModelConfig config, RopeScaling scaling, float[] inverse)
    {
        double low = PairOf(scaling.BetaFast), high = PairOf(scaling.BetaSlow);
        if (scaling.WholeDimensions)
            (low, high) = (Math.Floor(low), Math.Ceiling(high));
        (low, high) = (Math.Max(low, 0), Math.Min(high, config.RotaryWidth - 1));
        double width = high == low ? 0.001 : high - low;
        for (int i = 0; i < inverse.Length; i++)
        {
            float divide = (float)Math.Clamp((i - low) / width, 0, 1);
            inverse[i] = (inverse[i] / scaling.Factor * divide) + (inverse[i] * (1 - divide));
        }

        double PairOf(double turns) =>
            config.RotaryWidth * Math.Log(scaling.OriginalContextLength / (turns * 2 * Math.PI)) / (2 * Math.Log(config.RopeTheta));
    }
}
