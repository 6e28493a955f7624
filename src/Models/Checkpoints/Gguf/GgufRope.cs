using System.Runtime.InteropServices;
using Neuralink.Models.Configuration;
using Neuralink.Storage;
using Neuralink.Storage.Gguf;

namespace Neuralink.Models.Checkpoints.Gguf;

/// <summary>How positions are stretched, as llama.cpp reads it: by keys, or by a tensor with a divisor for each frequency.</summary>
internal static class GgufRope
{
    private const string Prefix = "rope.scaling.";

    // llama.cpp's own (llama-context.cpp).
    public const float BetaFast = 32, BetaSlow = 1;

    /// <returns>Null where nothing is stretched.</returns>
    /// <exception cref="NeuralinkException">It is of a kind that is not supported.</exception>
    public static RopeScaling? Read(GgufSet file, GgufKeys keys, int context, int rotaryWidth)
    {
        string? type = keys.Text($"{Prefix}type");
        // Files of the first months have the factor by another name, and no type.
        float? linear = keys.Number("rope.scale_linear"), stated = keys.Number($"{Prefix}factor");
        float factor = stated ?? linear ?? 1, attention = keys.Number($"{Prefix}attn_factor") ?? 1;
        int original = keys.Count($"{Prefix}original_context_length") ?? context;
        keys.Without($"{Prefix}yarn_log_multiplier", "YaRN with another amplitude");
        keys.Without($"{Prefix}yarn_ext_factor", "YaRN with another mixture", 1);
        keys.Without($"{Prefix}yarn_attn_factor", "YaRN with another amplitude", 1);
        float betaFast = keys.Number($"{Prefix}yarn_beta_fast") ?? BetaFast, betaSlow = keys.Number($"{Prefix}yarn_beta_slow") ?? BetaSlow;
        if (Factors(file, rotaryWidth, original, attention) is { } divided)
            return divided;
        return type switch
        {
            null or "linear" when factor > 1 => new RopeScaling { Kind = RopeScalingKind.Linear, Factor = factor },
            null or "none" or "linear" or "longrope" => null,
            "yarn" => new RopeScaling
            {
                Kind = RopeScalingKind.Yarn,
                Factor = factor,
                OriginalContextLength = original,
                Amplitude = attention * (1 + (0.1f * MathF.Log(factor))),
                BetaFast = betaFast,
                BetaSlow = betaSlow,
                WholeDimensions = true,
            },
            _ => throw keys.Metadata.Refuse(
                keys.Full($"{Prefix}type"), "none, linear, yarn or longrope", $"\"{type}\"", "this way of stretching is not supported"),
        };
    }

    /// <summary>rope_freqs (Llama 3.1), or rope_factors_long and rope_factors_short (LongRoPE).</summary>
    private static RopeScaling? Factors(GgufSet file, int rotaryWidth, int original, float amplitude)
    {
        float[]? all = Tensor(file, "rope_freqs.weight", rotaryWidth);
        float[]? longer = all ?? Tensor(file, "rope_factors_long.weight", rotaryWidth);
        float[]? shorter = all ?? Tensor(file, "rope_factors_short.weight", rotaryWidth);
        return (longer ?? shorter) is null ? null : new RopeScaling
        {
            Kind = RopeScalingKind.LongRope,
            Factor = 1,
            OriginalContextLength = original,
            Amplitude = amplitude,
            LongFactors = longer ?? shorter!,
            ShortFactors = shorter ?? longer!,
        };
    }

    private static float[]? Tensor(GgufSet file, string name, int rotaryWidth)
    {
        if (file.Find(name) is not { } tensor)
            return null;
        if (tensor.Type != GgufType.F32 || tensor.Shape is not [var length] || length != rotaryWidth / 2)
        {
            throw new NeuralinkException(
                $"open {file.Path}", $"tensor {name} of {rotaryWidth / 2} elements of F32", $"{tensor.Type.Name} {tensor.ShapeText}");
        }
        float[] factors = new float[length];
        file.Read(tensor, 0, MemoryMarshal.AsBytes(factors.AsSpan()));
        return factors;
    }
}
