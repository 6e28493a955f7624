using System.Text.Json.Serialization;
using Neuralink.Storage;

namespace Neuralink.Models.Configuration;

/// <summary>How the rotary frequencies are stretched.</summary>
public enum RopeScalingKind
{
    /// <summary>Every frequency divided by the factor.</summary>
    Linear,

    /// <summary>Llama 3.1's: low frequencies divided, high ones kept, a ramp between.</summary>
    Llama3,

    /// <summary>YaRN (Peng et al. 2023, arXiv 2309.00071, section 3.2): a ramp over the dimensions, and an amplitude.</summary>
    Yarn,

    /// <summary>LongRoPE (Ding et al. 2024, arXiv 2402.13753): a factor for each frequency, and an amplitude.</summary>
    LongRope,
}

/// <summary>The parameters of config.json's rope_scaling.</summary>
public sealed record RopeScaling
{
    public required RopeScalingKind Kind { get; init; }

    /// <summary>By how much the context was stretched. Of <see cref="RopeScalingKind.LongRope"/>: 1.</summary>
    public required float Factor { get; init; }

    /// <summary>Llama3: turns within the original context up to which a frequency is divided.</summary>
    [JsonRequired]
    public float LowFrequencyFactor { get; init; }

    /// <summary>Llama3: turns within the original context from which on a frequency is kept.</summary>
    [JsonRequired]
    public float HighFrequencyFactor { get; init; }

    /// <summary>Positions before the stretching; all kinds but linear.</summary>
    [JsonRequired]
    public int OriginalContextLength { get; init; }

    /// <summary>YaRN, LongRoPE: what cosines and sines are multiplied with.</summary>
    [JsonRequired]
    public float Amplitude { get; init; } = 1;

    /// <summary>YaRN: turns within the original context from which on a frequency is kept.</summary>
    [JsonRequired]
    public float BetaFast { get; init; }

    /// <summary>YaRN: turns within the original context up to which a frequency is divided.</summary>
    [JsonRequired]
    public float BetaSlow { get; init; }

    /// <summary>YaRN: whether the ends of the ramp are whole dimensions.</summary>
    [JsonRequired]
    public bool WholeDimensions { get; init; }

    /// <summary>LongRoPE: divisors of the frequencies, [rotary width / 2], where a context is not longer than the original.</summary>
    [JsonRequired]
    public IReadOnlyList<float> ShortFactors { get; init; } = [];

    /// <summary>LongRoPE: those of longer contexts.</summary>
    [JsonRequired]
    public IReadOnlyList<float> LongFactors { get; init; } = [];

    /// <summary>Whether all settings are equal, those in lists too.</summary>
    public bool Equals(RopeScaling? other) =>
        other is not null && Kind == other.Kind && Factor == other.Factor && LowFrequencyFactor == other.LowFrequencyFactor
            && HighFrequencyFactor == other.HighFrequencyFactor && OriginalContextLength == other.OriginalContextLength
            && Amplitude == other.Amplitude && BetaFast == other.BetaFast && BetaSlow == other.BetaSlow
            && WholeDimensions == other.WholeDimensions && ShortFactors.SequenceEqual(other.ShortFactors)
            && LongFactors.SequenceEqual(other.LongFactors);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Kind, Factor, OriginalContextLength, Amplitude);

    /// <exception cref="NeuralinkException">A parameter is out of its range.</exception>
    /// <param name="source">The file, for the message.</param>
    /// <param name="rotaryWidth">Elements of a head that turn.</param>
    public void Validate(string source, int rotaryWidth)
    {
        bool original = Kind == RopeScalingKind.Linear || OriginalContextLength > 0;
        Require(Enum.IsDefined(Kind) && Factor >= 1 && float.IsFinite(Factor) && original, "factor >= 1 and a positive original length");
        Require(
            Kind != RopeScalingKind.Llama3
                || (LowFrequencyFactor > 0 && HighFrequencyFactor > LowFrequencyFactor && float.IsFinite(HighFrequencyFactor)),
            "0 < low_freq_factor < high_freq_factor");
        Require(
            Kind != RopeScalingKind.Yarn || (BetaSlow > 0 && BetaFast > BetaSlow && float.IsFinite(BetaFast)), "0 < beta_slow < beta_fast");
        Require(Amplitude > 0 && float.IsFinite(Amplitude), "a positive attention factor");
        foreach (IReadOnlyList<float> factors in (ReadOnlySpan<IReadOnlyList<float>>)[ShortFactors, LongFactors])
        {
            Require(
                factors.Count == (Kind == RopeScalingKind.LongRope ? rotaryWidth / 2 : 0)
                    && factors.All(f => f > 0 && float.IsFinite(f)),
                $"{rotaryWidth / 2} positive short and long factors");
        }

        void Require(bool holds, string expected)
        {
            if (!holds)
                throw new NeuralinkException($"use {source}", $"rope_scaling with {expected}", ToString());
        }
    }
}
