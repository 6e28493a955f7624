using Neuralink.Models.Checkpoints.Gguf;
using Neuralink.Models.Configuration;
using Neuralink.Storage.Gguf;

namespace Neuralink.Models.Export;

/// <summary>The metadata that says what a model is, but for its tokenizer; and the tensors with divisors of its frequencies.</summary>
internal static class GgufModelKeys
{
    public static IEnumerable<KeyValuePair<string, GgufValue>> Of(
        ModelConfig c, GgufArchitecture target, string name, int fileType)
    {
        string a = target.Name;
        yield return new("general.architecture", GgufValue.Of(a));
        yield return new("general.name", GgufValue.Of(name));
        yield return new("general.type", GgufValue.Of("model"));
        yield return new("general.file_type", GgufValue.Of(fileType));
        yield return new("general.quantization_version", GgufValue.Of(2));
        // llama.cpp knows no window in these architectures: the model is the same in contexts that the window covers.
        int context = Math.Min(c.ContextLength, c.SlidingWindow ?? int.MaxValue);
        foreach ((string key, int value) in ((string, int)[])
            [
                ("vocab_size", c.VocabularySize), ("context_length", context), ("embedding_length", c.HiddenSize),
                ("block_count", c.LayerCount), ("feed_forward_length", c.FfnSize), ("attention.head_count", c.HeadCount),
                ("attention.head_count_kv", c.KvHeadCount), ("attention.key_length", c.HeadSize), ("attention.value_length", c.HeadSize),
                ("rope.dimension_count", c.RotaryWidth),
            ])
        {
            yield return new($"{a}.{key}", GgufValue.Of(value));
        }
        string epsilon = c.Norm == NormKind.Rms ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon";
        yield return new($"{a}.{epsilon}", GgufValue.Of(c.NormEpsilon));
        yield return new($"{a}.rope.freq_base", GgufValue.Of(c.RopeTheta));
        foreach (KeyValuePair<string, GgufValue> pair in Special(c, target).Concat(c.RopeScaling is { } scaling ? Rope(scaling) : []))
            yield return new($"{a}.{pair.Key}", pair.Value);
    }

    /// <summary>The tensors with divisors of the frequencies, [rotary width / 2].</summary>
    public static IEnumerable<(string Name, float[] Values)> Divisors(ModelConfig c)
    {
        if (c.RopeScaling is { Kind: RopeScalingKind.Llama3 })
        {
            float[] plain = RotaryFrequencies.Of(c with { RopeScaling = null }, 1).Inverse, scaled = RotaryFrequencies.Of(c, 1).Inverse;
            yield return ("rope_freqs.weight", [.. plain.Zip(scaled, (without, with) => without / with)]);
        }
        if (c.RopeScaling is { Kind: RopeScalingKind.LongRope } scaling)
        {
            yield return ("rope_factors_long.weight", [.. scaling.LongFactors]);
            yield return ("rope_factors_short.weight", [.. scaling.ShortFactors]);
        }
    }

    private static IEnumerable<KeyValuePair<string, GgufValue>> Special(ModelConfig c, GgufArchitecture target)
    {
        if (target.HasOneExpert)
        {
            const int sigmoid = 2;
            yield return new("expert_count", GgufValue.Of(1));
            yield return new("expert_used_count", GgufValue.Of(1));
            yield return new("expert_feed_forward_length", GgufValue.Of(c.FfnSize));
            yield return new("expert_gating_func", GgufValue.Of(sigmoid));
        }
        if (target.HasScales)
        {
            yield return new("embedding_scale", GgufValue.Of(c.EmbeddingScale));
            yield return new("residual_scale", GgufValue.Of(c.ResidualScale));
            yield return new("logit_scale", GgufValue.Of(1 / c.LogitScale));
        }
    }

    private static IEnumerable<KeyValuePair<string, GgufValue>> Rope(RopeScaling scaling)
    {
        string? type = scaling.Kind switch
        {
            RopeScalingKind.Linear => "linear",
            RopeScalingKind.Yarn => "yarn",
            RopeScalingKind.LongRope => "longrope",
            _ => null,
        };
        if (type is null)
            yield break;
        yield return new("rope.scaling.type", GgufValue.Of(type));
        if (scaling.Kind != RopeScalingKind.LongRope)
            yield return new("rope.scaling.factor", GgufValue.Of(scaling.Factor));
        if (scaling.Kind == RopeScalingKind.Linear)
            yield break;
        yield return new("rope.scaling.original_context_length", GgufValue.Of(scaling.OriginalContextLength));
        float own = scaling.Kind == RopeScalingKind.Yarn ? 1 + (0.1f * MathF.Log(scaling.Factor)) : 1;
        if (scaling.Amplitude != own)
            yield return new("rope.scaling.attn_factor", GgufValue.Of(scaling.Amplitude / own));
    }
}
