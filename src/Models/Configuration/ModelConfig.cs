using System.Text.Json.Serialization;
using Neuralink.Kernels;
using Neuralink.Storage;

namespace Neuralink.Models.Configuration;

/// <summary>
/// Everything that determines a forward pass apart from the weights, as features that models have in any mixture. It is read from a
/// checkpoint's own settings, written into the flash image, and checked by <see cref="Validate"/> wherever it is read.
/// </summary>
public sealed record ModelConfig
{
    /// <summary>The published model_type, for people to read and for a checkpoint's names; nothing is computed by it.</summary>
    public required string ModelType { get; init; }

    /// <summary>Rows of the embedding.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Width of the residual stream, d.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>Width of the embedding; where it differs from <see cref="HiddenSize"/>, matrices project in and out (OPT-350m).</summary>
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

    /// <summary>How attention and FFN follow each other, and where they are normalised.</summary>
    public required BlockKind Block { get; init; }

    /// <summary>The normalisations of the stream.</summary>
    public required NormKind Norm { get; init; }

    /// <summary>The epsilon of the normalisations.</summary>
    public required float NormEpsilon { get; init; }

    /// <summary>Whether a normalisation follows the last layer.</summary>
    public required bool FinalNorm { get; init; }

    /// <summary>Whether each head of queries and keys is normalised by RMSNorm before its position (Qwen3).</summary>
    [JsonRequired]
    public bool QueryKeyNorm { get; init; }

    /// <summary>Whether a neuron has a gate row beside its up row.</summary>
    public required bool Gated { get; init; }

    /// <summary>The FFN's activation.</summary>
    public required ActivationKind Activation { get; init; }

    /// <summary>The gate value above which a neuron is active; 0 but for FATReLU.</summary>
    public required float ActivationThreshold { get; init; }

    /// <summary>
    /// Of a smooth activation that was calibrated, for each layer what |act(gate)| must exceed for a neuron to be computed; without a gate
    /// what |act(up)| times the norm of its down column must. Else empty.
    /// </summary>
    [JsonRequired]
    public IReadOnlyList<float> LayerThresholds { get; init; } = [];

    /// <summary>Whether all layers have the one FFN of layer 0 (MobiLlama).</summary>
    [JsonRequired]
    public bool SharedFfn { get; init; }

    /// <summary>Whether the output matrix is the embedding.</summary>
    public required bool TiedEmbedding { get; init; }

    /// <summary>Whether the output matrix has a bias.</summary>
    [JsonRequired]
    public bool OutputBias { get; init; }

    /// <summary>Whether q, k and v have biases.</summary>
    public required bool AttentionBias { get; init; }

    /// <summary>Whether the attention's output projection has a bias.</summary>
    public required bool AttentionOutputBias { get; init; }

    /// <summary>Whether the FFN's matrices have biases.</summary>
    public required bool FfnBias { get; init; }

    /// <summary>How a row knows its position.</summary>
    public required PositionKind Positions { get; init; }

    /// <summary>Of learned positions: added to a position before it indexes their table (OPT).</summary>
    [JsonRequired]
    public int PositionOffset { get; init; }

    /// <summary>Of rotary positions: the first elements of a head that turn; <see cref="HeadSize"/> where all do, else 0.</summary>
    public required int RotaryWidth { get; init; }

    /// <summary>Of rotary positions: which elements turn together.</summary>
    [JsonRequired]
    public RotaryPairs RotaryPairs { get; init; }

    /// <summary>Base of the rotary frequencies.</summary>
    public required float RopeTheta { get; init; }

    /// <summary>How the rotary frequencies are stretched beyond the trained context, or null.</summary>
    public required RopeScaling? RopeScaling { get; init; }

    /// <summary>How many positions back attention looks, or null for all (Mistral).</summary>
    public required int? SlidingWindow { get; init; }

    /// <summary>What an embedded token is multiplied with.</summary>
    [JsonRequired]
    public float EmbeddingScale { get; init; } = 1;

    /// <summary>What attention and FFN are multiplied with before they are added to the stream.</summary>
    [JsonRequired]
    public float ResidualScale { get; init; } = 1;

    /// <summary>What the logits are multiplied with.</summary>
    [JsonRequired]
    public float LogitScale { get; init; } = 1;

    /// <summary>Tokens that end a text.</summary>
    public required IReadOnlyList<int> EndTokens { get; init; }

    /// <summary>FFNs there are: one for each layer, or one that all share.</summary>
    public int FfnCount => SharedFfn ? 1 : LayerCount;

    /// <summary>Whether attention and FFN read the same stream, that before the layer.</summary>
    public bool IsParallel => Block is BlockKind.Parallel or BlockKind.ParallelTwoNorms;

    /// <summary>Whether a layer normalises its outputs instead of its inputs.</summary>
    public bool PostNorm => Block == BlockKind.PostNorm;

    /// <summary>Whether neurons fall silent, by themselves or below thresholds that were calibrated.</summary>
    public bool IsSparse => ActivationOf(0).IsSparse;

    /// <summary>Whether it takes the norms of down columns to know which neurons are active.</summary>
    public bool WeighsNorms => !Gated && LayerThresholds.Count > 0;

    /// <summary>The activation of a layer as the kernels take it.</summary>
    public Activation ActivationOf(int layer) =>
        new(Activation, LayerThresholds.Count == 0 ? ActivationThreshold : LayerThresholds[layer]);

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
        Known(Block, "block");
        Known(Norm, "norm");
        Known(Activation, "activation");
        Known(Positions, "positions");
        Known(RotaryPairs, "rotary pairs");
        bool rotary = Positions == PositionKind.Rotary;
        Require(
            rotary ? RotaryWidth % 2 == 0 && RotaryWidth > 0 && RotaryWidth <= HeadSize : RotaryWidth == 0,
            rotary ? $"an even head_dim for rotary positions, or an even part of {HeadSize}" : "no rotary width", $"{RotaryWidth}");
        Require(PositionOffset is >= 0 and <= 1 << 10, "a position offset of 0 to 1024", $"{PositionOffset}");
        Require(float.IsFinite(NormEpsilon) && NormEpsilon is >= 0 and < 1, "a norm epsilon in [0, 1)", $"{NormEpsilon}");
        Require(float.IsFinite(RopeTheta) && RopeTheta > 0, "a positive rope_theta", $"{RopeTheta}");
        Require(
            float.IsFinite(ActivationThreshold) && ActivationThreshold >= 0, "an activation threshold of at least 0",
            $"{ActivationThreshold}");
        Require(SlidingWindow is null or > 0, "a positive sliding_window or none", $"{SlidingWindow}");
        Require(
            LayerThresholds.Count == 0
                || (LayerThresholds.Count == LayerCount && !ActivationOf(0).IsRectified
                    && LayerThresholds.All(t => t > 0 && float.IsFinite(t))),
            "a positive threshold for each layer of a smooth activation, or none", $"{LayerThresholds.Count} thresholds");
        Require(Gated || Activation != ActivationKind.DRelu, "dReLU only with a gated FFN", "none");
        Require(!(OutputBias && TiedEmbedding), "an output bias only beside an output matrix", "a tied embedding");
        foreach (float scale in (ReadOnlySpan<float>)[EmbeddingScale, ResidualScale, LogitScale])
            Require(float.IsFinite(scale) && scale != 0, "finite scales of embedding, residual and logits, not 0", $"{scale}");
        Require(
            EndTokens.All(t => t >= 0 && t < VocabularySize), $"end tokens below vocab_size {VocabularySize}",
            string.Join(", ", EndTokens));
        RopeScaling?.Validate(source, RotaryWidth);

        void Positive(int value, string name, int max) => Require(value > 0 && value <= max, $"{name} in 1..{max}", $"{value}");
        void Known<T>(T value, string name)
            where T : struct, Enum => Require(Enum.IsDefined(value), $"a known {name}", $"{value}");
        void Require(bool holds, string expected, string found)
        {
            if (!holds)
                throw new NeuralinkException($"use {source}", expected, found, "the configuration does not describe a model");
        }
    }
}
