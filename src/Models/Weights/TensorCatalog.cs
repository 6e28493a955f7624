using Neuralink.Kernels;
using Neuralink.Models.Configuration;

namespace Neuralink.Models.Weights;

/// <summary>Where a tensor goes in a flash image.</summary>
public enum TensorPlace
{
    /// <summary>resident.safetensors: always in DRAM.</summary>
    Resident,

    /// <summary>predictor.safetensors: the exact predictor's matrix, [neurons, d], in the model's order, and its bias.</summary>
    Predictor,

    /// <summary>neurons.safetensors: spread over the bundles.</summary>
    Neurons,
}

/// <summary>A tensor that a model must have: a matrix [Rows, Columns], or a vector [Rows] where <paramref name="Columns"/> is 0.</summary>
public sealed record TensorSpec(string Name, int Rows, int Columns, TensorPlace Place)
{
    /// <summary>What it is computed with in one product, as one matrix or one bias; null where it stands alone.</summary>
    public string? Product { get; init; }

    public bool IsVector => Columns == 0;

    public long ElementCount => (long)Rows * Math.Max(Columns, 1);

    /// <summary>Its format in a model whose matrices are of <paramref name="matrices"/>: vectors are float32.</summary>
    public WeightFormat FormatIn(WeightFormat matrices) => IsVector ? WeightFormat.F32 : matrices;

    /// <summary>Its length in a format.</summary>
    public long BytesIn(WeightFormat matrices) => (long)Rows * WeightKernels.For(FormatIn(matrices)).RowBytes(Math.Max(Columns, 1));
}

/// <summary>
/// Every tensor of a model with its shape and its place: what a checkpoint is checked against, and what the packer writes.
/// The matrix that decides activity appears twice, as the predictor's and as part of the bundles.
/// </summary>
public static class TensorCatalog
{
    /// <summary>The tensors outside the layers.</summary>
    public static IEnumerable<TensorSpec> Global(ModelConfig c)
    {
        yield return Matrix(TensorNames.Embedding, c.VocabularySize, c.EmbeddingSize, TensorPlace.Resident);
        if (c.Positions == PositionKind.Learned)
            yield return Matrix(TensorNames.Positions, c.ContextLength + c.PositionOffset, c.HiddenSize, TensorPlace.Resident);
        if (c.EmbeddingSize != c.HiddenSize)
        {
            yield return Matrix(TensorNames.ProjectIn, c.HiddenSize, c.EmbeddingSize, TensorPlace.Resident);
            yield return Matrix(TensorNames.ProjectOut, c.EmbeddingSize, c.HiddenSize, TensorPlace.Resident);
        }
        if (c.FinalNorm)
        {
            foreach (TensorSpec spec in Norm(c, TensorNames.FinalNorm))
                yield return spec;
        }
        if (c.TiedEmbedding)
            yield break;
        foreach (TensorSpec spec in Linear(TensorNames.Output, c.VocabularySize, c.EmbeddingSize, c.OutputBias, TensorPlace.Resident))
            yield return spec;
    }

    /// <summary>The tensors of layer <paramref name="index"/>. An FFN that all layers share is layer 0's.</summary>
    public static IEnumerable<TensorSpec> Layer(ModelConfig c, int index)
    {
        LayerModules m = TensorNames.Layer(c, index);
        return c.SharedFfn && index > 0 ? Attention(c, m) : Attention(c, m).Concat(Ffn(c, m));
    }

    /// <summary>All of them, layer by layer after the global ones.</summary>
    public static IEnumerable<TensorSpec> All(ModelConfig c) =>
        Global(c).Concat(Enumerable.Range(0, c.LayerCount).SelectMany(i => Layer(c, i)));

    private static IEnumerable<TensorSpec> Attention(ModelConfig c, LayerModules m)
    {
        int queryWidth = c.HeadCount * c.HeadSize, kvWidth = c.KvHeadCount * c.HeadSize;
        return
        [
            .. Norm(c, m.AttentionNorm),
            .. Linear(m.Query, queryWidth, c.HiddenSize, c.AttentionBias, TensorPlace.Resident, m.QueryKeyValue),
            .. Linear(m.Key, kvWidth, c.HiddenSize, c.AttentionBias, TensorPlace.Resident, m.QueryKeyValue),
            .. Linear(m.Value, kvWidth, c.HiddenSize, c.AttentionBias, TensorPlace.Resident, m.QueryKeyValue),
            .. c.QueryKeyNorm ? [HeadNorm(m.QueryNorm), HeadNorm(m.KeyNorm)] : Array.Empty<TensorSpec>(),
            .. Linear(m.AttentionOutput, c.HiddenSize, queryWidth, c.AttentionOutputBias, TensorPlace.Resident),
            .. c.Block == BlockKind.Parallel ? [] : Norm(c, m.FfnNorm),
        ];

        TensorSpec HeadNorm(string module) => Vector($"{module}.weight", c.HeadSize, TensorPlace.Resident);
    }

    private static IEnumerable<TensorSpec> Ffn(ModelConfig c, LayerModules m) =>
    [
        .. Linear(m.Deciding, c.FfnSize, c.HiddenSize, c.FfnBias, TensorPlace.Predictor),
        .. m.Gate is null ? [] : Linear(m.Gate, c.FfnSize, c.HiddenSize, c.FfnBias, TensorPlace.Neurons),
        .. Linear(m.Up, c.FfnSize, c.HiddenSize, c.FfnBias, TensorPlace.Neurons),
        Matrix(m.Down, c.HiddenSize, c.FfnSize, TensorPlace.Neurons),
        .. c.FfnBias ? [Vector($"{m.Down}.bias", c.HiddenSize, TensorPlace.Resident)] : Array.Empty<TensorSpec>(),
    ];

    private static TensorSpec Matrix(string module, int rows, int columns, TensorPlace place) =>
        new($"{module}.weight", rows, columns, place);

    private static TensorSpec Vector(string name, int length, TensorPlace place) => new(name, length, 0, place);

    private static IEnumerable<TensorSpec> Linear(
        string module, int rows, int columns, bool bias, TensorPlace place, string? product = null)
    {
        yield return Matrix(module, rows, columns, place) with { Product = product is null ? null : $"{product}.weight" };
        if (bias)
            yield return Vector($"{module}.bias", rows, place) with { Product = product is null ? null : $"{product}.bias" };
    }

    private static IEnumerable<TensorSpec> Norm(ModelConfig c, string module)
    {
        yield return Vector($"{module}.weight", c.HiddenSize, TensorPlace.Resident);
        if (c.Norm != NormKind.Rms)
            yield return Vector($"{module}.bias", c.HiddenSize, TensorPlace.Resident);
    }
}
