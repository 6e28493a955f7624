using Neuralink.Kernels;
using Neuralink.Storage;

namespace Neuralink.Models.Configuration;

/// <summary>How the rotary frequencies are stretched.</summary>
public enum RopeScalingKind
{
    /// <summary>Every frequency divided by the factor.</summary>
    Linear,

    /// <summary>Llama 3.1's: low frequencies divided, high ones kept, a ramp between.</summary>
    Llama3,
}

/// <summary>The parameters of config.json's rope_scaling. The last three are used by <see cref="RopeScalingKind.Llama3"/> only.</summary>
public sealed record RopeScaling(
    RopeScalingKind Kind, float Factor, float LowFrequencyFactor, float HighFrequencyFactor, int OriginalContextLength)
{
    /// <summary>The frequencies of <paramref name="config"/>'s rotary positions, [HeadSize / 2], in radians a position.</summary>
    public static void FillInverseFrequencies(ModelConfig config, Span<float> inverseFrequencies)
    {
        Rope.FillInverseFrequencies(config.RopeTheta, inverseFrequencies);
        if (config.RopeScaling is { } scaling)
        {
            foreach (ref float frequency in inverseFrequencies)
                frequency = scaling.Scale(frequency);
        }
    }

    /// <exception cref="NeuralinkException">A parameter is out of its range.</exception>
    public void Validate(string source)
    {
        bool ramp = Kind != RopeScalingKind.Llama3
            || (LowFrequencyFactor > 0 && HighFrequencyFactor > LowFrequencyFactor && float.IsFinite(HighFrequencyFactor)
                && OriginalContextLength > 0);
        if (!(Factor >= 1 && float.IsFinite(Factor) && ramp && Enum.IsDefined(Kind)))
        {
            throw new NeuralinkException(
                $"use {source}", "rope_scaling with factor >= 1 and 0 < low_freq_factor < high_freq_factor", ToString());
        }
    }

    private float Scale(float frequency)
    {
        if (Kind == RopeScalingKind.Linear)
            return frequency / Factor;

        // Wavelengths between original/high and original/low blend from kept to divided.
        float wavelength = 2 * MathF.PI / frequency;
        float turns = OriginalContextLength / wavelength;
        float keep = Math.Clamp((turns - LowFrequencyFactor) / (HighFrequencyFactor - LowFrequencyFactor), 0f, 1f);
        return ((1 - keep) * frequency / Factor) + (keep * frequency);
    }
}
