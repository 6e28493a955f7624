using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;

namespace Neuralink.Models.Inference;

/// <summary>What always stays in DRAM of one layer: all but the FFN's neurons.</summary>
public sealed record ResidentLayer
{
    /// <summary>Before the attention, or after it in a post-norm model.</summary>
    public required Norm AttentionNorm { get; init; }

    /// <summary>One matrix: H query heads, then G key heads, then G value heads, each of s rows.</summary>
    public required Linear QueryKeyValue { get; init; }

    /// <summary>Of each query head, or null.</summary>
    public required Norm? QueryNorm { get; init; }

    /// <summary>Of each key head, or null.</summary>
    public required Norm? KeyNorm { get; init; }

    /// <summary>[d, H * s].</summary>
    public required Linear AttentionOutput { get; init; }

    /// <summary>Before the FFN, or after it in a post-norm model; the attention's where both have one.</summary>
    public required Norm FfnNorm { get; init; }

    /// <summary>[d], added once to the FFN's output.</summary>
    public required FloatTensor? DownBias { get; init; }
}

/// <summary>The resident weights of a model by role.</summary>
public sealed class ResidentModel
{
    private ResidentModel(ModelConfig config) => Config = config;

    public ModelConfig Config { get; }

    public required WeightRows Embedding { get; init; }

    public required Linear Output { get; init; }

    public required Linear? Positions { get; init; }

    public required Linear? ProjectIn { get; init; }

    public required Linear? ProjectOut { get; init; }

    public required Norm? FinalNorm { get; init; }

    public required IReadOnlyList<ResidentLayer> Layers { get; init; }

    /// <summary>Takes the resident weights from memory.</summary>
    public static ResidentModel Load(IWeightLoader weights, ModelConfig c, ModelFormats formats)
    {
        bool projected = c.EmbeddingSize != c.HiddenSize;
        int queryWidth = c.HeadCount * c.HeadSize, kvWidth = c.KvHeadCount * c.HeadSize;
        TensorSpec embedded = new($"{TensorNames.Embedding}.weight", c.VocabularySize, c.EmbeddingSize, TensorPlace.Resident);
        WeightRows embedding = weights.LoadRows(formats.Of(embedded), embedded);
        return new ResidentModel(c)
        {
            Embedding = embedding,
            Output = c.TiedEmbedding
                ? new Linear(embedding.Matrix)
                : Matrix(TensorNames.Output, c.VocabularySize, c.EmbeddingSize, c.OutputBias),
            Positions = c.Positions == PositionKind.Learned
                ? Matrix(TensorNames.Positions, c.ContextLength + c.PositionOffset, c.HiddenSize)
                : null,
            ProjectIn = projected ? Matrix(TensorNames.ProjectIn, c.HiddenSize, c.EmbeddingSize) : null,
            ProjectOut = projected ? Matrix(TensorNames.ProjectOut, c.EmbeddingSize, c.HiddenSize) : null,
            FinalNorm = c.FinalNorm ? Norm.Load(weights, c, TensorNames.FinalNorm) : null,
            Layers = [.. Enumerable.Range(0, c.LayerCount).Select(i => Layer(TensorNames.Layer(c, i)))],
        };

        ResidentLayer Layer(LayerModules m)
        {
            Norm attentionNorm = Norm.Load(weights, c, m.AttentionNorm);
            return new ResidentLayer
            {
                AttentionNorm = attentionNorm,
                QueryKeyValue = Linear.Load(
                    weights, formats, c.AttentionBias, c.HiddenSize, (m.Query, queryWidth), (m.Key, kvWidth), (m.Value, kvWidth)),
                QueryNorm = c.QueryKeyNorm ? Norm.LoadHead(weights, c, m.QueryNorm) : null,
                KeyNorm = c.QueryKeyNorm ? Norm.LoadHead(weights, c, m.KeyNorm) : null,
                AttentionOutput = Matrix(m.AttentionOutput, c.HiddenSize, queryWidth, c.AttentionOutputBias),
                FfnNorm = c.Block == BlockKind.Parallel ? attentionNorm : Norm.Load(weights, c, m.FfnNorm),
                DownBias = c.FfnBias ? FloatTensor.Load(weights, $"{m.Down}.bias", c.HiddenSize) : null,
            };
        }

        Linear Matrix(string module, int rows, int columns, bool bias = false) =>
            Linear.Load(weights, formats, bias, module, rows, columns);
    }
}
