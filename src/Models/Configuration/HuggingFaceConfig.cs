using System.Text.Json;
using Neuralink.Kernels;
using Neuralink.Storage;

namespace Neuralink.Models.Configuration;

/// <summary>
/// Reads a Hugging Face config.json. What decides the result of a forward pass is either stated in the file, or a default that the
/// architecture's own published configuration class documents; the activation has no default: nothing runs with a guessed activation.
/// </summary>
public static class HuggingFaceConfig
{
    // MistralConfig's documented default; a null in the file means none.
    private const int MistralWindow = 4096;

    /// <summary>Reads <paramref name="folder"/>/config.json, and the end tokens of generation_config.json where there is one.</summary>
    /// <exception cref="NeuralinkException">The file is missing, is no JSON, contradicts itself, or describes a model this engine does not run.</exception>
    public static ModelConfig Read(string folder)
    {
        string path = Path.Combine(folder, "config.json");
        using JsonDocument document = JsonFile.Open(path);
        JsonFields fields = new(path, document.RootElement);
        string modelType = fields.Text("model_type");
        ModelConfig config = modelType switch
        {
            "llama" or "mistral" or "sparsellama" or "bamboo" => Llama(fields, modelType),
            "opt" => Opt(fields, modelType),
            _ => throw fields.Refuse("model_type", "llama, mistral, sparsellama, bamboo or opt", $"\"{modelType}\"", "this architecture is not supported"),
        };
        config = config with { EndTokens = [.. fields.Integers("eos_token_id").Union(GenerationEndTokens(folder))] };
        config.Validate(path);
        return config;
    }

    private static ModelConfig Llama(JsonFields f, string modelType)
    {
        int hidden = f.Integer("hidden_size"), heads = f.Integer("num_attention_heads");
        (ActivationKind activation, float threshold) = ActivationNames.Read(f, "hidden_act", modelType);
        bool attentionBias = f.Flag("attention_bias", false);
        JsonFields rope = f.Object("rope_parameters") ?? f;     // newer files gather the rotary settings in one object
        return new ModelConfig
        {
            Family = ModelFamily.Llama,
            ModelType = modelType,
            VocabularySize = f.Integer("vocab_size"),
            HiddenSize = hidden,
            EmbeddingSize = hidden,
            FfnSize = f.Integer("intermediate_size"),
            LayerCount = f.Integer("num_hidden_layers"),
            HeadCount = heads,
            KvHeadCount = f.Integer("num_key_value_heads", heads),
            HeadSize = f.OptionalInteger("head_dim") ?? HeadSize(f, hidden, heads),
            ContextLength = f.Integer("max_position_embeddings"),
            NormEpsilon = f.Number("rms_norm_eps"),
            PostNorm = false,
            FinalNorm = true,
            Activation = activation,
            ActivationThreshold = threshold,
            TiedEmbedding = f.Flag("tie_word_embeddings", false),
            AttentionBias = attentionBias,
            AttentionOutputBias = attentionBias,
            FfnBias = f.Flag("mlp_bias", false),
            RopeTheta = rope.Number("rope_theta", 10000f),
            RopeScaling = ReadRopeScaling(f.Object("rope_scaling") ?? f.Object("rope_parameters")),
            SlidingWindow = modelType == "mistral" && !f.Has("sliding_window") ? MistralWindow : f.OptionalInteger("sliding_window"),
            EndTokens = [],
        };
    }

    private static ModelConfig Opt(JsonFields f, string modelType)
    {
        int hidden = f.Integer("hidden_size"), heads = f.Integer("num_attention_heads");
        (ActivationKind activation, float threshold) = ActivationNames.Read(f, "activation_function", modelType);
        bool preNorm = f.Flag("do_layer_norm_before", true), bias = f.Flag("enable_bias", true);
        if (!f.Flag("layer_norm_elementwise_affine", true))
            throw f.Refuse("layer_norm_elementwise_affine", "true", "false", "a normalisation without weights is not supported");
        return new ModelConfig
        {
            Family = ModelFamily.Opt,
            ModelType = modelType,
            VocabularySize = f.Integer("vocab_size"),
            HiddenSize = hidden,
            EmbeddingSize = f.OptionalInteger("word_embed_proj_dim") ?? hidden,
            FfnSize = f.Integer("ffn_dim"),
            LayerCount = f.Integer("num_hidden_layers"),
            HeadCount = heads,
            KvHeadCount = heads,
            HeadSize = HeadSize(f, hidden, heads),
            ContextLength = f.Integer("max_position_embeddings"),
            NormEpsilon = 1e-5f,                                // torch.nn.LayerNorm's; OPT has no setting for it
            PostNorm = !preNorm,
            FinalNorm = preNorm && !f.Flag("_remove_final_layer_norm", false),
            Activation = activation,
            ActivationThreshold = threshold,
            TiedEmbedding = f.Flag("tie_word_embeddings", true),
            AttentionBias = bias,
            AttentionOutputBias = bias,
            FfnBias = bias,
            RopeTheta = 10000f,
            RopeScaling = null,
            SlidingWindow = null,
            EndTokens = [],
        };
    }

    private static int HeadSize(JsonFields f, int hidden, int heads)
    {
        if (heads <= 0 || hidden % heads != 0)
            throw f.Refuse("num_attention_heads", $"a divisor of hidden_size {hidden}", $"{heads}", "the configuration does not describe a model");
        return hidden / heads;
    }

    private static RopeScaling? ReadRopeScaling(JsonFields? f)
    {
        if (f is null)
            return null;
        string kind = f.OptionalText("rope_type") ?? f.OptionalText("type") ?? "default";
        return kind switch
        {
            "default" => null,
            "linear" => new RopeScaling(RopeScalingKind.Linear, f.Number("factor"), 0, 0, 0),
            "llama3" => new RopeScaling(
                RopeScalingKind.Llama3, f.Number("factor"), f.Number("low_freq_factor"), f.Number("high_freq_factor"), f.Integer("original_max_position_embeddings")),
            _ => throw f.Refuse("rope_type", "default, linear or llama3", $"\"{kind}\"", "this way of stretching positions is not supported"),
        };
    }

    private static IEnumerable<int> GenerationEndTokens(string folder)
    {
        string path = Path.Combine(folder, "generation_config.json");
        if (!File.Exists(path))
            return [];
        using JsonDocument document = JsonFile.Open(path);
        return new JsonFields(path, document.RootElement).Integers("eos_token_id");
    }
}
