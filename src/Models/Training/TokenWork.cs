using Neuralink.Models.Configuration;

namespace Neuralink.Models.Training;

/// <summary>
/// Multiply-adds that a token takes, by the weights alone: what a predictor's own work is compared with.
/// Attention over the context is left out.
/// </summary>
public static class TokenWork
{
    /// <summary>One layer with every neuron.</summary>
    public static long OfDenseLayer(ModelConfig c) => Attention(c) + Ffn(c);

    /// <summary>One layer with <paramref name="activeShare"/> of its neurons.</summary>
    public static double OfSparseLayer(ModelConfig c, double activeShare) => Attention(c) + (activeShare * Ffn(c));

    /// <summary>What is outside the layers: the output matrix, and OPT-350m's projections.</summary>
    public static long OutsideLayers(ModelConfig c) =>
        ((long)c.VocabularySize * c.EmbeddingSize) + (c.EmbeddingSize == c.HiddenSize ? 0 : 2L * c.EmbeddingSize * c.HiddenSize);

    private static long Attention(ModelConfig c) => 2L * c.HiddenSize * (c.HeadCount + c.KvHeadCount) * c.HeadSize;

    private static long Ffn(ModelConfig c) => (c.Gated ? 3L : 2L) * c.HiddenSize * c.FfnSize;
}
