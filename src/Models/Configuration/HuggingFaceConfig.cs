using System.Text.Json;
using Neuralink.Kernels;
using Neuralink.Models.Json;
using Neuralink.Storage;
using Neuralink.Storage.Json;

namespace Neuralink.Models.Configuration;

/// <summary>
/// Reads a Hugging Face config.json. What decides the result of a forward pass is either stated in the file, or a default that the
/// architecture's own published configuration class documents; the activation has no default: nothing runs with a guessed activation.
/// </summary>
public static class HuggingFaceConfig
{
    // MistralConfig's documented default; a null in the file means none.
    private const int MistralWindow = 4096;

    // Published files have some kilobytes; those with thousands of labels a few hundred.
    private const int LengthBytesMax = 16 << 20;

    /// <summary>Reads <paramref name="folder"/>/config.json, and the end tokens of generation_config.json where there is one.</summary>
    /// <exception cref="NeuralinkException">The file is missing, is no JSON, contradicts itself, or describes a model this engine does not run.</exception>
    public static ModelConfig Read(string folder)
    {
        string path = Path.Combine(folder, "config.json");
        using JsonDocument document = JsonFile.Open(path, LengthBytesMax);
        JsonField fields = new(path, "", document.RootElement);
        string modelType = fields["model_type"].Text();
        ModelConfig config = modelType switch
        {
            "llama" or "mistral" or "sparsellama" or "bamboo" => Llama(fields, modelType),
            "opt" => Opt(fields, modelType),
            _ => throw fields["model_type"].Refuse("llama, mistral, sparsellama, bamboo or opt", $"\"{modelType}\"", "this architecture is not supported"),
        };
        config.Validate(path);
        return config with { EndTokens = [.. EndTokens(fields, config.VocabularySize).Union(GenerationEndTokens(folder, config.VocabularySize))] };
    }

    private static ModelConfig Llama(JsonField f, string modelType)
    {
        int hidden = f["hidden_size"].Integer(), heads = f["num_attention_heads"].Integer();
        (ActivationKind activation, float threshold) = ActivationNames.Read(f, "hidden_act", modelType);
        bool attentionBias = f["attention_bias"].Flag(false);
        JsonField rope = f["rope_parameters"] is { IsNull: false } gathered ? gathered : f;     // newer files gather the rotary settings in one object
        return new ModelConfig
        {
            Family = ModelFamily.Llama,
            ModelType = modelType,
            VocabularySize = f["vocab_size"].Integer(),
            HiddenSize = hidden,
            EmbeddingSize = hidden,
            FfnSize = f["intermediate_size"].Integer(),
            LayerCount = f["num_hidden_layers"].Integer(),
            HeadCount = heads,
            KvHeadCount = f["num_key_value_heads"].IntegerOrNull() ?? heads,
            HeadSize = f["head_dim"].IntegerOrNull() ?? HeadSize(f, hidden, heads),
            ContextLength = f["max_position_embeddings"].Integer(),
            NormEpsilon = f["rms_norm_eps"].Number(),
            PostNorm = false,
            FinalNorm = true,
            Activation = activation,
            ActivationThreshold = threshold,
            TiedEmbedding = f["tie_word_embeddings"].Flag(false),
            AttentionBias = attentionBias,
            AttentionOutputBias = attentionBias,
            FfnBias = f["mlp_bias"].Flag(false),
            RopeTheta = rope["rope_theta"].NumberOrNull() ?? 10000f,
            RopeScaling = ReadRopeScaling(f["rope_scaling"] is { IsNull: false } scaling ? scaling : f["rope_parameters"]),
            SlidingWindow = modelType == "mistral" && f["sliding_window"].IsAbsent ? MistralWindow : f["sliding_window"].IntegerOrNull(),
            EndTokens = [],
        };
    }

    private static ModelConfig Opt(JsonField f, string modelType)
    {
        int hidden = f["hidden_size"].Integer(), heads = f["num_attention_heads"].Integer();
        (ActivationKind activation, float threshold) = ActivationNames.Read(f, "activation_function", modelType);
        bool preNorm = f["do_layer_norm_before"].Flag(true), bias = f["enable_bias"].Flag(true);
        if (!f["layer_norm_elementwise_affine"].Flag(true))
            throw f["layer_norm_elementwise_affine"].Refuse("true", "false", "a normalisation without weights is not supported");
        return new ModelConfig
        {
            Family = ModelFamily.Opt,
            ModelType = modelType,
            VocabularySize = f["vocab_size"].Integer(),
            HiddenSize = hidden,
            EmbeddingSize = f["word_embed_proj_dim"].IntegerOrNull() ?? hidden,
            FfnSize = f["ffn_dim"].Integer(),
            LayerCount = f["num_hidden_layers"].Integer(),
            HeadCount = heads,
            KvHeadCount = heads,
            HeadSize = HeadSize(f, hidden, heads),
            ContextLength = f["max_position_embeddings"].Integer(),
            NormEpsilon = 1e-5f,                                // torch.nn.LayerNorm's; OPT has no setting for it
            PostNorm = !preNorm,
            FinalNorm = preNorm && !f["_remove_final_layer_norm"].Flag(false),
            Activation = activation,
            ActivationThreshold = threshold,
            TiedEmbedding = f["tie_word_embeddings"].Flag(true),
            AttentionBias = bias,
            AttentionOutputBias = bias,
            FfnBias = bias,
            RopeTheta = 10000f,
            RopeScaling = null,
            SlidingWindow = null,
            EndTokens = [],
        };
    }

    private static int HeadSize(JsonField f, int hidden, int heads)
    {
        if (heads <= 0 || hidden % heads != 0)
            throw f["num_attention_heads"].Refuse($"a divisor of hidden_size {hidden}", $"{heads}", "the configuration does not describe a model");
        return hidden / heads;
    }

    private static RopeScaling? ReadRopeScaling(JsonField f)
    {
        if (f.IsNull)
            return null;
        string kind = f["rope_type"].TextOrNull() ?? f["type"].TextOrNull() ?? "default";
        return kind switch
        {
            "default" => null,
            "linear" => new RopeScaling(RopeScalingKind.Linear, f["factor"].Number(), 0, 0, 0),
            "llama3" => new RopeScaling(
                RopeScalingKind.Llama3, f["factor"].Number(), f["low_freq_factor"].Number(), f["high_freq_factor"].Number(), f["original_max_position_embeddings"].Integer()),
            _ => throw f["rope_type"].Refuse("default, linear or llama3", $"\"{kind}\"", "this way of stretching positions is not supported"),
        };
    }

    // The file is optional, and a failed download leaves an empty one.
    private static int[] GenerationEndTokens(string folder, int vocabularySize)
    {
        string path = Path.Combine(folder, "generation_config.json");
        if (!File.Exists(path))
            return [];
        using JsonDocument? document = JsonFile.OpenUnlessEmpty(path, LengthBytesMax);
        return document is null ? [] : EndTokens(new JsonField(path, "", document.RootElement), vocabularySize);
    }

    /// <summary>An id, a list of ids, or nothing: each checked here, where it is known which file states it.</summary>
    private static int[] EndTokens(JsonField file, int vocabularySize)
    {
        JsonField field = file["eos_token_id"];
        IEnumerable<JsonField> items = field.IsNull ? [] : field.Element.ValueKind == JsonValueKind.Array ? field.Items() : [field];
        return [.. items.Select(item => item.Integer() is var id && id >= 0 && id < vocabularySize
            ? id
            : throw item.Refuse($"end tokens below vocab_size {vocabularySize}", $"{id}", "the file belongs to another model"))];
    }
}
