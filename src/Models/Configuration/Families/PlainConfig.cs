using Neuralink.Kernels;
using Neuralink.Models.Json;

namespace Neuralink.Models.Configuration;

/// <summary>The families whose FFN has no gate, and whose normalisation is LayerNorm.</summary>
internal static class PlainConfig
{
    /// <summary>OPT (Zhang et al. 2022, arXiv 2205.01068): learned positions.</summary>
    public static ModelConfig ReadOpt(JsonField f, PublishedModelType type)
    {
        int hidden = f["hidden_size"].Integer(), heads = f["num_attention_heads"].Integer();
        (ActivationKind activation, float threshold) = ActivationNames.Read(f, "activation_function", type);
        bool preNorm = f["do_layer_norm_before"].Flag(absent: true), bias = f["enable_bias"].Flag(absent: true);
        if (!f["layer_norm_elementwise_affine"].Flag(absent: true))
            throw f["layer_norm_elementwise_affine"].Refuse("true", "false", "a normalisation without weights is not supported");
        return new ModelConfig
        {
            ModelType = type.Name,
            VocabularySize = f["vocab_size"].Integer(),
            HiddenSize = hidden,
            EmbeddingSize = f["word_embed_proj_dim"].IntegerOrNull() ?? hidden,
            FfnSize = f["ffn_dim"].Integer(),
            LayerCount = f["num_hidden_layers"].Integer(),
            HeadCount = heads,
            KvHeadCount = heads,
            HeadSize = CommonFields.HeadSize(f, hidden, heads),
            ContextLength = CommonFields.ContextLength(f, type),
            Block = preNorm ? BlockKind.Sequential : BlockKind.PostNorm,
            Norm = NormKind.Layer,
            NormEpsilon = type.NormEpsilon,                     // torch.nn.LayerNorm's; OPT has no setting for it
            FinalNorm = preNorm & !f["_remove_final_layer_norm"].Flag(absent: false),
            Gated = false,
            Activation = activation,
            ActivationThreshold = threshold,
            TiedEmbedding = f["tie_word_embeddings"].Flag(absent: type.TiedEmbedding),
            AttentionBias = bias,
            AttentionOutputBias = bias,
            FfnBias = bias,
            Positions = PositionKind.Learned,
            PositionOffset = 2,
            RotaryWidth = 0,
            RopeTheta = type.RopeTheta,
            RopeScaling = null,
            SlidingWindow = null,
            EndTokens = [],
        };
    }

    /// <summary>Nemotron and Minitron (arXiv 2402.16819, 2407.14679): LayerNorm1p.</summary>
    public static ModelConfig ReadNemotron(JsonField f, PublishedModelType type)
    {
        bool attentionBias = f["attention_bias"].Flag(absent: false);
        return CommonFields.Rotary(f, type, "norm_eps") with
        {
            Norm = NormKind.LayerPlusOne,
            Gated = false,
            AttentionBias = attentionBias,
            AttentionOutputBias = attentionBias,
            FfnBias = f["mlp_bias"].Flag(absent: false),
        };
    }

    /// <summary>Phi-1, 1.5 and 2: attention and FFN side by side, biases everywhere.</summary>
    public static ModelConfig ReadPhi(JsonField f, PublishedModelType type) => CommonFields.Rotary(f, type, "layer_norm_eps") with
    {
        Block = BlockKind.Parallel,
        Norm = NormKind.Layer,
        Gated = false,
        AttentionBias = true,
        AttentionOutputBias = true,
        FfnBias = true,
        OutputBias = true,
    };
}
