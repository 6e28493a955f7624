using System.Text.Json;
using System.Text.Json.Nodes;
using Neuralink.Kernels;
using Neuralink.Models.Configuration;

namespace Neuralink.Models.Synthetic;

/// <summary>The config.json of a synthetic model, as Hugging Face's libraries and <see cref="HuggingFaceConfig"/> read it.</summary>
internal static class SyntheticConfigFile
{
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };

    /// <summary>The file's bytes.</summary>
    /// <param name="config">What it states.</param>
    /// <param name="comment">A note in a field that no reader knows.</param>
    public static byte[] Write(ModelConfig config, string comment)
    {
        JsonObject json = new()
        {
            ["_comment"] = comment,
            ["model_type"] = config.ModelType,
            ["torch_dtype"] = "float16",
            ["vocab_size"] = config.VocabularySize,
            ["hidden_size"] = config.HiddenSize,
            ["num_hidden_layers"] = config.LayerCount,
            ["num_attention_heads"] = config.HeadCount,
            ["max_position_embeddings"] = config.ContextLength,
            ["tie_word_embeddings"] = config.TiedEmbedding,
            ["eos_token_id"] = new JsonArray([.. config.EndTokens.Select(token => JsonValue.Create(token))]),
        };
        if (config.ModelType == "opt")
            AddOpt(json, config);
        else
            AddLlama(json, config);
        return JsonSerializer.SerializeToUtf8Bytes(json, s_indented);
    }

    private static void AddOpt(JsonObject json, ModelConfig config)
    {
        json["activation_function"] = ActivationNames.PublishedName(config.Activation);
        json["ffn_dim"] = config.FfnSize;
        json["word_embed_proj_dim"] = config.EmbeddingSize;
        json["do_layer_norm_before"] = !config.PostNorm;
        json["enable_bias"] = config.FfnBias;
    }

    private static void AddLlama(JsonObject json, ModelConfig config)
    {
        json["intermediate_size"] = config.FfnSize;
        json["num_key_value_heads"] = config.KvHeadCount;
        json["rms_norm_eps"] = 1e-5;
        json["rope_theta"] = config.RopeTheta;
        json["sliding_window"] = config.SlidingWindow;                  // stated even if null: Mistral and Bamboo have a default
        json["attention_bias"] = config.AttentionBias;
        json["mlp_bias"] = config.FfnBias;

        json["hidden_act"] = ActivationNames.PublishedName(config.Activation);
        if (config.Activation == ActivationKind.FatRelu)
            json["hidden_act_param"] = config.ActivationThreshold;
    }
}
