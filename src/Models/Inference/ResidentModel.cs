using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;

namespace Neuralink.Models.Inference;

/// <summary>What always stays in DRAM of one layer: all but the FFN's neurons.</summary>
/// <param name="AttentionNorm">Before the attention, or after it in a post-norm model.</param>
/// <param name="QueryKeyValue">One matrix: H query heads, then G key heads, then G value heads, each of s rows.</param>
/// <param name="AttentionOutput">[d, H * s].</param>
/// <param name="FfnNorm">Before the FFN, or after it in a post-norm model.</param>
/// <param name="DownBias">[d], added once to the FFN's output.</param>
public sealed record ResidentLayer(Norm AttentionNorm, Linear QueryKeyValue, Linear AttentionOutput, Norm FfnNorm, FloatTensor? DownBias);

/// <summary>The resident weights of a model by role.</summary>
public sealed class ResidentModel
{
    private ResidentModel(ModelConfig config) => Config = config;

    public ModelConfig Config { get; }

    public required Linear Embedding { get; init; }

    public required Linear Output { get; init; }

    public required Linear? Positions { get; init; }

    public required Linear? ProjectIn { get; init; }

    public required Linear? ProjectOut { get; init; }

    public required Norm? FinalNorm { get; init; }

    public required IReadOnlyList<ResidentLayer> Layers { get; init; }

    /// <summary>Takes the resident weights from memory.</summary>
    public static ResidentModel Load(IWeightLoader weights, ModelConfig c, WeightFormat format)
    {
        TensorNames names = TensorNames.For(c.Family);
        bool projected = c.EmbeddingSize != c.HiddenSize;
        int queryWidth = c.HeadCount * c.HeadSize, kvWidth = c.KvHeadCount * c.HeadSize;
        Linear embedding = Matrix(names.Embedding, c.VocabularySize, c.EmbeddingSize);
        return new ResidentModel(c)
        {
            Embedding = embedding,
            Output = c.TiedEmbedding ? embedding : Matrix(names.Output, c.VocabularySize, c.EmbeddingSize),
            Positions = c.Family == ModelFamily.Opt ? Matrix(names.Positions, c.ContextLength + c.PositionOffset, c.HiddenSize) : null,
            ProjectIn = projected ? Matrix(names.ProjectIn, c.HiddenSize, c.EmbeddingSize) : null,
            ProjectOut = projected ? Matrix(names.ProjectOut, c.EmbeddingSize, c.HiddenSize) : null,
            FinalNorm = c.FinalNorm ? Norm.Load(weights, c, names.FinalNorm) : null,
            Layers = [.. Enumerable.Range(0, c.LayerCount).Select(i => Layer(names.Layer(i)))],
        };

        ResidentLayer Layer(LayerModules m) => new(
            Norm.Load(weights, c, m.AttentionNorm),
            Linear.Load(weights, format, c.AttentionBias, c.HiddenSize, (m.Query, queryWidth), (m.Key, kvWidth), (m.Value, kvWidth)),
            Matrix(m.AttentionOutput, c.HiddenSize, queryWidth, c.AttentionOutputBias),
            Norm.Load(weights, c, m.FfnNorm),
            c.FfnBias ? FloatTensor.Load(weights, $"{m.Down}.bias", c.HiddenSize) : null);

        Linear Matrix(string module, int rows, int columns, bool bias = false) => Linear.Load(weights, format, bias, module, rows, columns);
    }
}
