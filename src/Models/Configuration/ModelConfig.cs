using Neuralink.Kernels;
using Neuralink.Storage;

namespace Neuralink.Models.Configuration;

/// <summary>The two shapes of decoder this engine runs.</summary>
public enum ModelFamily
{
    /// <summary>Llama and Mistral: RMSNorm, rotary positions, grouped-query attention, gated FFN.</summary>
    Llama,

    /// <summary>OPT: LayerNorm, learned positions, biases, plain FFN.</summary>
    Opt,
}

/// <summary>
/// Everything that determines a forward pass apart from the weights. It is read from a Hugging Face folder's config.json,
/// written into the flash image, and checked by <see cref="Validate"/> wherever it is read.
/// </summary>
public sealed record ModelConfig
{
    /// <summary>The family, which decides the layer's structure and the tensors' names.</summary>
    public required ModelFamily Family { get; init; }

    /// <summary>config.json's own model_type, for people to read.</summary>
    public required string ModelType { get; init; }

    /// <summary>Rows of the embedding.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Width of the residual stream, d.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width of the embedding; differs from <see cref="HiddenSize"/> only in OPT-350m, which projects in and out.</summary>
    public required int EmbeddingSize { get; init; }

    /// <summary>Neurons of a layer's FFN.</summary>
    public required int FfnSize { get; init; }

    /// <summary>Decoder layers.</summary>
    public required int LayerCount { get; init; }

    /// <summary>Query heads.</summary>
    public required int HeadCount { get; init; }

    /// <summary>Key/value heads; <see cref="HeadCount"/> is a multiple of it.</summary>
    public required int KvHeadCount { get; init; }

    /// <summary>Width of a head.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Positions the model was made for.</summary>
    public required int ContextLength { get; init; }

    /// <summary>The epsilon of the normalisations.</summary>
    public required float NormEpsilon { get; init; }

    /// <summary>Whether a block normalises its output instead of its input (OPT-350m).</summary>
    public required bool PostNorm { get; init; }

    /// <summary>Whether a normalisation follows the last layer.</summary>
    public required bool FinalNorm { get; init; }

    /// <summary>What makes the FFN sparse.</summary>
    public required ActivationKind Activation { get; init; }

    /// <summary>The gate value above which a neuron fires; 0 but for FATReLU.</summary>
    public required float ActivationThreshold { get; init; }

    /// <summary>Whether the output matrix is the embedding.</summary>
    public required bool TiedEmbedding { get; init; }

    /// <summary>Whether q, k and v have biases.</summary>
    public required bool AttentionBias { get; init; }

    /// <summary>Whether the attention's output projection has a bias.</summary>
    public required bool AttentionOutputBias { get; init; }

    /// <summary>Whether the FFN's matrices have biases.</summary>
    public required bool FfnBias { get; init; }

    /// <summary>Base of the rotary frequencies (Llama family).</summary>
    public required float RopeTheta { get; init; }

    /// <summary>How the rotary frequencies are stretched beyond the trained context, or null.</summary>
    public required RopeScaling? RopeScaling { get; init; }

    /// <summary>How many positions back attention looks, or null for all (Mistral).</summary>
    public required int? SlidingWindow { get; init; }

    /// <summary>Tokens that end a text.</summary>
    public required IReadOnlyList<int> EndTokens { get; init; }

    /// <summary>Whether a neuron has a gate row beside its up row.</summary>
    public bool Gated => Family == ModelFamily.Llama;

    /// <summary>Added to a position before it indexes OPT's position embedding.</summary>
    public int PositionOffset => Family == ModelFamily.Opt ? 2 : 0;

    /// <summary>The activation as the kernels take it.</summary>
    public Activation ActivationFunction => new(Activation, ActivationThreshold);

    /// <summary>Checks that the numbers can be those of a model.</summary>
    /// <param name="source">The file the configuration came from, for the message.</param>
    /// <exception cref="NeuralinkException">The first contradiction.</exception>
    public void Validate(string source)
    {
        Positive(VocabularySize, "vocab_size", 1 << 24);
        Positive(HiddenSize, "hidden_size", 1 << 20);
        Positive(EmbeddingSize, "word_embed_proj_dim", 1 << 20);
        Positive(FfnSize, "intermediate_size", 1 << 22);
        Positive(LayerCount, "num_hidden_layers", 1 << 12);
        Positive(HeadCount, "num_attention_heads", 1 << 12);
        Positive(KvHeadCount, "num_key_value_heads", 1 << 12);
        Positive(HeadSize, "head_dim", 1 << 12);
        Positive(ContextLength, "max_position_embeddings", 1 << 24);
        Require(HeadCount % KvHeadCount == 0, "num_attention_heads a multiple of num_key_value_heads", $"{HeadCount} and {KvHeadCount}");
        Require(Family != ModelFamily.Llama || HeadSize % 2 == 0, "an even head_dim for rotary positions", $"{HeadSize}");
        Require(float.IsFinite(NormEpsilon) && NormEpsilon is >= 0 and < 1, "a norm epsilon in [0, 1)", $"{NormEpsilon}");
        Require(float.IsFinite(RopeTheta) && RopeTheta > 0, "a positive rope_theta", $"{RopeTheta}");
        Require(
            float.IsFinite(ActivationThreshold) && ActivationThreshold >= 0, "an activation threshold of at least 0",
            $"{ActivationThreshold}");
        Require(Enum.IsDefined(Activation), "a known activation", $"{(int)Activation}");
        Require(Enum.IsDefined(Family), "a known family", $"{(int)Family}");
        Require(SlidingWindow is null or > 0, "a positive sliding_window or none", $"{SlidingWindow}");
        Require(Gated || Activation != ActivationKind.DRelu, "dReLU only with a gated FFN", $"{Family}");
        Require(EmbeddingSize == HiddenSize || Family == ModelFamily.Opt, "word_embed_proj_dim only for OPT", $"{EmbeddingSize}");
        Require(
            EndTokens.All(t => t >= 0 && t < VocabularySize), $"end tokens below vocab_size {VocabularySize}",
            string.Join(", ", EndTokens));
        RopeScaling?.Validate(source);

        void Positive(int value, string name, int max) => Require(value > 0 && value <= max, $"{name} in 1..{max}", $"{value}");
        void Require(bool holds, string expected, string found)
        {
            if (!holds)
                throw new NeuralinkException($"use {source}", expected, found, "the configuration does not describe a model");
        }
    }
}
