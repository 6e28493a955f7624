using Neuralink.Kernels;
using Neuralink.Models.Configuration;

namespace Neuralink.Models.Synthetic;

/// <summary>
/// The shapes there are: those of the Neuralink paper's ReLU-family models (arXiv 2410.19274) and two small ones. Sizes are from the
/// models' published configurations; a share is the mean over the three data sets of the paper's evaluation; what makes 80% of the
/// activations, 26% of the neurons of OPT and 43% of those of a ReGLU model, is from PowerInfer (arXiv 2312.12456, section 3.1), as are the
/// 26% and 43% of the small ones.
/// </summary>
public static class SyntheticShapes
{
    private const double PlainEightyShare = 0.26, GatedEightyShare = 0.43;

    public static IReadOnlyList<SyntheticShape> All { get; } =
    [
        new(
            "opt-350m", "OPT-350M",
            Opt(1024, 4096, layers: 24, heads: 16) with { EmbeddingSize = 512, Block = BlockKind.PostNorm, FinalNorm = false },
            0.0954, PlainEightyShare),
        new("opt-1.3b", "OPT-1.3B", Opt(2048, 8192, layers: 24, heads: 32), 0.0381, PlainEightyShare),
        new("opt-6.7b", "OPT-6.7B", Opt(4096, 16384, layers: 32, heads: 32), 0.0315, PlainEightyShare),
        new(
            "llama2-7b", "Llama-2-7B (ProSparse)",
            Llama("sparsellama", 4096, 11008, layers: 32, heads: 32) with
            {
                Activation = ActivationKind.FatRelu,
                ActivationThreshold = 0.01f,
            },
            0.2419, GatedEightyShare),
        new(
            "mistral-7b", "Mistral-7B (TurboSparse)",
            Llama("bamboo", 4096, 14336, layers: 32, heads: 32) with
            {
                KvHeadCount = 8,
                ContextLength = 32768,
                Activation = ActivationKind.DRelu,
            },
            0.2401, GatedEightyShare),
        new(
            "tiny-opt", "a small OPT, for tests",
            Opt(256, 1024, layers: 3, heads: 4) with { VocabularySize = 2048, ContextLength = 512 }, 0.0954, PlainEightyShare),
        new(
            "tiny-llama", "a small Llama, for tests",
            Llama("llama", 256, 1024, layers: 3, heads: 4) with { KvHeadCount = 2, VocabularySize = 2048, ContextLength = 512 }, 0.2419,
            GatedEightyShare),
    ];

    /// <summary>The shape of that name, or null.</summary>
    public static SyntheticShape? Find(string name) =>
        All.FirstOrDefault(shape => shape.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static ModelConfig Opt(int hidden, int ffn, int layers, int heads) => Llama("opt", hidden, ffn, layers, heads) with
    {
        Norm = NormKind.Layer,
        Gated = false,
        Positions = PositionKind.Learned,
        PositionOffset = 2,
        RotaryWidth = 0,
        VocabularySize = 50272,
        ContextLength = 2048,
        TiedEmbedding = true,
        AttentionBias = true,
        AttentionOutputBias = true,
        FfnBias = true,
    };

    private static ModelConfig Llama(string modelType, int hidden, int ffn, int layers, int heads) => new()
    {
        ModelType = modelType,
        VocabularySize = 32000,
        HiddenSize = hidden,
        EmbeddingSize = hidden,
        FfnSize = ffn,
        LayerCount = layers,
        HeadCount = heads,
        KvHeadCount = heads,
        HeadSize = hidden / heads,
        ContextLength = 4096,
        NormEpsilon = 1e-5f,
        Block = BlockKind.Sequential,
        Norm = NormKind.Rms,
        FinalNorm = true,
        Gated = true,
        Activation = ActivationKind.Relu,
        ActivationThreshold = 0,
        TiedEmbedding = false,
        AttentionBias = false,
        AttentionOutputBias = false,
        FfnBias = false,
        Positions = PositionKind.Rotary,
        RotaryWidth = hidden / heads,
        RopeTheta = 10000,
        RopeScaling = null,
        SlidingWindow = null,
        EndTokens = [],
    };
}
