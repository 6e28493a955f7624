using Neuralink.Kernels;
using Neuralink.Models.Json;

namespace Neuralink.Models.Configuration;

/// <summary>
/// Falcon (Almazrouei et al. 2023, arXiv 2311.16867). The old decoder (7B) has one key/value head and one normalisation, or one key/value
/// head a query head (1B); the new one (40B) has groups of heads, and mostly a normalisation each for attention and FFN.
/// </summary>
internal static class FalconConfig
{
    private const int FfnTimesHidden = 4;

    /// <summary>Reads config.json.</summary>
    public static ModelConfig Read(JsonField f, PublishedModelType type)
    {
        int hidden = f["hidden_size"].Integer(), heads = f["num_attention_heads"].Integer();
        bool isNew = f["new_decoder_architecture"].Flag(absent: false), bias = f["bias"].Flag(absent: false);
        bool multiQuery = f["multi_query"].Flag(absent: true), parallel = f["parallel_attn"].Flag(absent: true);
        int headSize = CommonFields.HeadSize(f, hidden, heads), kvHeads = f["num_kv_heads"].IntegerOrNull() ?? heads;
        (ActivationKind activation, float threshold) = ActivationNames.Read(f, "activation", type);
        (float theta, RopeScaling? scaling) = RopeReader.Read(f, type);
        return new ModelConfig
        {
            ModelType = type.Name,
            VocabularySize = f["vocab_size"].Integer(),
            HiddenSize = hidden,
            EmbeddingSize = hidden,
            FfnSize = f["ffn_hidden_size"].IntegerOrNull() ?? checked(FfnTimesHidden * hidden),
            LayerCount = f["num_hidden_layers"].Integer(),
            HeadCount = heads,
            KvHeadCount = isNew ? kvHeads : multiQuery ? 1 : heads,
            HeadSize = headSize,
            ContextLength = CommonFields.ContextLength(f, type),
            Block = !isNew && !parallel ? BlockKind.Sequential
                : isNew && NormCount(f) == 2 ? BlockKind.ParallelTwoNorms
                : BlockKind.Parallel,
            Norm = NormKind.Layer,
            NormEpsilon = f["layer_norm_epsilon"].IsAbsent ? type.NormEpsilon : f["layer_norm_epsilon"].Number(),
            FinalNorm = true,
            Gated = false,
            Activation = activation,
            ActivationThreshold = threshold,
            TiedEmbedding = f["tie_word_embeddings"].Flag(absent: type.TiedEmbedding),
            AttentionBias = bias,
            AttentionOutputBias = bias,
            FfnBias = bias,
            Positions = PositionKind.Rotary,
            RotaryWidth = RopeReader.Width(f, type, headSize),
            RopeTheta = theta,
            RopeScaling = scaling,
            SlidingWindow = null,
            EndTokens = [],
        };
    }

    private static int NormCount(JsonField f)
    {
        JsonField count = f["num_ln_in_parallel_attn"];
        return count.IsNull || count.Integer() == 2 ? 2
            : count.Integer() == 1 ? 1
            : throw count.Refuse("1 or 2 normalisations of a layer", count.Shown(), "such a layer is not supported");
    }
}
