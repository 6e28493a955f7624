using Neuralink.Models.Json;

namespace Neuralink.Models.Configuration;

/// <summary>Llama, and what differs from it in few things.</summary>
internal static class LlamaConfig
{
    private const string NormEpsilon = "rms_norm_eps";

    /// <summary>Llama, Mistral, ProSparse, Bamboo.</summary>
    public static ModelConfig Read(JsonField f, PublishedModelType type)
    {
        bool attentionBias = f["attention_bias"].Flag(absent: false);
        return CommonFields.Rotary(f, type, NormEpsilon) with
        {
            AttentionBias = attentionBias,
            AttentionOutputBias = attentionBias,
            FfnBias = f["mlp_bias"].Flag(absent: false),
        };
    }

    /// <summary>Arcee's AFM: Llama without a gate.</summary>
    public static ModelConfig ReadArcee(JsonField f, PublishedModelType type) => Read(f, type) with { Gated = false };

    /// <summary>MiniCPM: Llama with scales (Hu et al. 2024, arXiv 2404.06395, table 7).</summary>
    public static ModelConfig ReadMiniCpm(JsonField f, PublishedModelType type)
    {
        bool attentionBias = f["attention_bias"].Flag(absent: false);
        ModelConfig config = CommonFields.Rotary(f, type, NormEpsilon);
        return config with
        {
            AttentionBias = attentionBias,
            AttentionOutputBias = attentionBias,
            EmbeddingScale = f["scale_emb"].NumberOrNull() ?? 1,
            ResidualScale = (f["scale_depth"].NumberOrNull() ?? 1) / MathF.Sqrt(config.LayerCount),
            LogitScale = (f["dim_model_base"].NumberOrNull() ?? 1) / config.HiddenSize,
        };
    }

    /// <summary>Qwen2: Llama whose queries, keys and values have biases.</summary>
    public static ModelConfig ReadQwen2(JsonField f, PublishedModelType type) =>
        CommonFields.Rotary(f, type, NormEpsilon) with { AttentionBias = true };

    /// <summary>Qwen3: Llama that normalises the heads of queries and keys.</summary>
    public static ModelConfig ReadQwen3(JsonField f, PublishedModelType type)
    {
        bool attentionBias = f["attention_bias"].Flag(absent: false);
        return CommonFields.Rotary(f, type, NormEpsilon) with
        {
            AttentionBias = attentionBias,
            AttentionOutputBias = attentionBias,
            QueryKeyNorm = true,
        };
    }

    /// <summary>Phi-3: Llama with fused matrices.</summary>
    public static ModelConfig ReadPhi3(JsonField f, PublishedModelType type) => CommonFields.Rotary(f, type, NormEpsilon);
}
