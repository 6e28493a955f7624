using System.Text.Json;
using Neuralink.Kernels;
using Neuralink.Models.Json;
using Neuralink.Storage;
using Neuralink.Storage.Json;

namespace Neuralink.Models.Configuration;

/// <summary>
/// Reads a Hugging Face config.json. What decides the result of a forward pass is either stated in the file, or a default that the
/// architecture's own published configuration class documents; the activation has no default: nothing runs with a guessed activation.
/// Every other key is known to make no difference, or refused (<see cref="ConfigKeyTable"/>).
/// </summary>
public static class HuggingFaceConfig
{
    // The default of every published configuration class of the Llama family.
    private const float DefaultNormEpsilon = 1e-6f;

    /// <summary>Reads <paramref name="folder"/>/config.json, and the end tokens of generation_config.json where there is one.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="note">Takes, a line each, what was ignored and a user should know.</param>
    /// <exception cref="NeuralinkException">The file is missing, is no JSON, contradicts itself, or describes a model this
    /// engine does not run.</exception>
    public static ModelConfig Read(string folder, Action<string>? note = null)
    {
        string path = Path.Combine(folder, HuggingFaceFiles.Config);
        using JsonDocument document = JsonFile.Open(path, HuggingFaceFiles.SettingsBytesMax);
        JsonField root = new(path, "", document.RootElement);
        PublishedModelType type = PublishedModelType.Of(root);
        Quantization.Refuse(root);
        ModelConfig config = type.Family == ModelFamily.Opt ? Opt(root, type) : Llama(root, type);
        ConfigKey.CheckAll(root, ConfigKeyTable.For(type), note);
        config.Validate(path);
        return config with { EndTokens = EndTokens.Read(root, folder, config.VocabularySize, note) };
    }

    private static ModelConfig Llama(JsonField f, PublishedModelType type)
    {
        int hidden = f["hidden_size"].Integer(), heads = f["num_attention_heads"].Integer();
        (ActivationKind activation, float threshold) = ActivationNames.Read(f, "hidden_act", type);
        (float theta, RopeScaling? scaling) = RopeReader.Read(f);
        bool attentionBias = f["attention_bias"].Flag(absent: false);
        return new ModelConfig
        {
            Family = ModelFamily.Llama,
            ModelType = type.Name,
            VocabularySize = f["vocab_size"].Integer(),
            HiddenSize = hidden,
            EmbeddingSize = hidden,
            FfnSize = f["intermediate_size"].Integer(),
            LayerCount = f["num_hidden_layers"].Integer(),
            HeadCount = heads,
            KvHeadCount = f["num_key_value_heads"].IsAbsent ? type.KvHeadCount ?? heads : f["num_key_value_heads"].IntegerOrNull() ?? heads,
            HeadSize = f["head_dim"].IntegerOrNull() ?? HeadSize(f, hidden, heads),
            ContextLength = ContextLength(f, type),
            NormEpsilon = f["rms_norm_eps"].IsAbsent ? DefaultNormEpsilon : f["rms_norm_eps"].Number(),
            PostNorm = false,
            FinalNorm = true,
            Activation = activation,
            ActivationThreshold = threshold,
            TiedEmbedding = f["tie_word_embeddings"].Flag(absent: false),
            AttentionBias = attentionBias,
            AttentionOutputBias = attentionBias,
            FfnBias = f["mlp_bias"].Flag(absent: false),
            RopeTheta = theta,
            RopeScaling = scaling,
            SlidingWindow = WindowReader.Read(f, type),
            EndTokens = [],
        };
    }

    private static ModelConfig Opt(JsonField f, PublishedModelType type)
    {
        int hidden = f["hidden_size"].Integer(), heads = f["num_attention_heads"].Integer();
        (ActivationKind activation, float threshold) = ActivationNames.Read(f, "activation_function", type);
        bool preNorm = f["do_layer_norm_before"].Flag(absent: true), bias = f["enable_bias"].Flag(absent: true);
        if (!f["layer_norm_elementwise_affine"].Flag(absent: true))
            throw f["layer_norm_elementwise_affine"].Refuse("true", "false", "a normalisation without weights is not supported");
        return new ModelConfig
        {
            Family = ModelFamily.Opt,
            ModelType = type.Name,
            VocabularySize = f["vocab_size"].Integer(),
            HiddenSize = hidden,
            EmbeddingSize = f["word_embed_proj_dim"].IntegerOrNull() ?? hidden,
            FfnSize = f["ffn_dim"].Integer(),
            LayerCount = f["num_hidden_layers"].Integer(),
            HeadCount = heads,
            KvHeadCount = heads,
            HeadSize = HeadSize(f, hidden, heads),
            ContextLength = ContextLength(f, type),
            NormEpsilon = 1e-5f,                                // torch.nn.LayerNorm's; OPT has no setting for it
            PostNorm = !preNorm,
            FinalNorm = preNorm & !f["_remove_final_layer_norm"].Flag(absent: false),
            Activation = activation,
            ActivationThreshold = threshold,
            TiedEmbedding = f["tie_word_embeddings"].Flag(absent: true),
            AttentionBias = bias,
            AttentionOutputBias = bias,
            FfnBias = bias,
            RopeTheta = 10000f,
            RopeScaling = null,
            SlidingWindow = null,
            EndTokens = [],
        };
    }

    private static int ContextLength(JsonField f, PublishedModelType type) =>
        f["max_position_embeddings"].IsAbsent ? type.ContextLength : f["max_position_embeddings"].Integer();

    private static int HeadSize(JsonField f, int hidden, int heads)
    {
        if (heads <= 0 || hidden % heads != 0)
        {
            throw f["num_attention_heads"].Refuse(
                $"a divisor of hidden_size {hidden}", $"{heads}", "the configuration does not describe a model");
        }
        return hidden / heads;
    }
}
