using Neuralink.Kernels;
using Neuralink.Models.Json;

namespace Neuralink.Models.Configuration;

/// <summary>What the configurations of several families have in common.</summary>
internal static class CommonFields
{
    /// <summary>
    /// A decoder with rotary positions under the keys of LlamaConfig, which most families took over, as RMSNorm and a gated FFN go with
    /// it. A family states what it has otherwise.
    /// </summary>
    /// <param name="f">The root of config.json.</param>
    /// <param name="type">Its defaults.</param>
    /// <param name="normEpsilon">The epsilon's key.</param>
    public static ModelConfig Rotary(JsonField f, PublishedModelType type, string normEpsilon)
    {
        int hidden = f["hidden_size"].Integer(), heads = f["num_attention_heads"].Integer();
        JsonField kvHeads = f["num_key_value_heads"];
        int headSize = f["head_dim"].IntegerOrNull() ?? type.HeadSize ?? HeadSize(f, hidden, heads);
        (ActivationKind activation, float threshold) = ActivationNames.Read(f, "hidden_act", type);
        (float theta, RopeScaling? scaling) = RopeReader.Read(f, type);
        return new ModelConfig
        {
            ModelType = type.Name,
            VocabularySize = f["vocab_size"].Integer(),
            HiddenSize = hidden,
            EmbeddingSize = hidden,
            FfnSize = f["intermediate_size"].Integer(),
            LayerCount = f["num_hidden_layers"].Integer(),
            HeadCount = heads,
            KvHeadCount = kvHeads.IsAbsent ? type.KvHeadCount ?? heads : kvHeads.IntegerOrNull() ?? heads,
            HeadSize = headSize,
            ContextLength = ContextLength(f, type),
            Block = BlockKind.Sequential,
            Norm = NormKind.Rms,
            NormEpsilon = f[normEpsilon].IsAbsent ? type.NormEpsilon : f[normEpsilon].Number(),
            FinalNorm = true,
            Gated = true,
            Activation = activation,
            ActivationThreshold = threshold,
            TiedEmbedding = f["tie_word_embeddings"].Flag(absent: type.TiedEmbedding),
            AttentionBias = false,
            AttentionOutputBias = false,
            FfnBias = false,
            Positions = PositionKind.Rotary,
            RotaryWidth = RopeReader.Width(f, type, headSize),
            RopeTheta = theta,
            RopeScaling = scaling,
            SlidingWindow = WindowReader.Read(f, type),
            EndTokens = [],
        };
    }

    /// <summary>Positions the model was made for.</summary>
    public static int ContextLength(JsonField f, PublishedModelType type) =>
        f["max_position_embeddings"].IsAbsent ? type.ContextLength : f["max_position_embeddings"].Integer();

    /// <summary>The width of a head where it is not stated.</summary>
    public static int HeadSize(JsonField f, int hidden, int heads)
    {
        if (heads <= 0 || hidden % heads != 0)
        {
            throw f["num_attention_heads"].Refuse(
                $"a divisor of hidden_size {hidden}", $"{heads}", "the configuration does not describe a model");
        }
        return hidden / heads;
    }
}
