using Neuralink.Models.Checkpoints;
using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;
using Neuralink.Storage.Memory;

namespace Neuralink.Tests.Support;

/// <summary>Every weight of a checkpoint by role, in native memory that belongs to this object.</summary>
internal sealed class DenseWeights : IDisposable
{
    private readonly NativeArena _arena;

    private DenseWeights(NativeArena arena) => _arena = arena;

    public required Linear Embedding { get; init; }

    public required Linear Output { get; init; }

    public Linear? Positions { get; init; }

    public Linear? ProjectIn { get; init; }

    public Linear? ProjectOut { get; init; }

    public Norm? FinalNorm { get; init; }

    public required DenseLayer[] Layers { get; init; }

    public static DenseWeights Load(Checkpoint folder)
    {
        ModelConfig c = folder.Config;
        NativeArena arena = new(TensorCatalog.All(c).Sum(spec => NativeArena.Aligned(spec.ElementCount * sizeof(float))));
        CopiedWeights weights = new(folder, arena, "weights");
        Linear embedding = Matrix(TensorNames.Embedding, c.VocabularySize, c.EmbeddingSize);
        bool opt = c.Positions == PositionKind.Learned, projected = c.EmbeddingSize != c.HiddenSize;
        return new DenseWeights(arena)
        {
            Embedding = embedding,
            Output = c.TiedEmbedding ? embedding : Matrix(TensorNames.Output, c.VocabularySize, c.EmbeddingSize),
            Positions = opt ? Matrix(TensorNames.Positions, c.ContextLength + c.PositionOffset, c.HiddenSize) : null,
            ProjectIn = projected ? Matrix(TensorNames.ProjectIn, c.HiddenSize, c.EmbeddingSize) : null,
            ProjectOut = projected ? Matrix(TensorNames.ProjectOut, c.EmbeddingSize, c.HiddenSize) : null,
            FinalNorm = c.FinalNorm ? Norm.Load(weights, c, TensorNames.FinalNorm) : null,
            Layers = [.. Enumerable.Range(0, c.LayerCount).Select(i => Layer(TensorNames.Layer(c, i)))],
        };

        DenseLayer Layer(LayerModules m)
        {
            int queryWidth = c.HeadCount * c.HeadSize, kvWidth = c.KvHeadCount * c.HeadSize;
            return new DenseLayer(
                Norm.Load(weights, c, m.AttentionNorm),
                Matrix(m.Query, queryWidth, c.HiddenSize, c.AttentionBias),
                Matrix(m.Key, kvWidth, c.HiddenSize, c.AttentionBias),
                Matrix(m.Value, kvWidth, c.HiddenSize, c.AttentionBias),
                Matrix(m.AttentionOutput, c.HiddenSize, queryWidth, c.AttentionOutputBias),
                Norm.Load(weights, c, m.FfnNorm),
                m.Gate is null ? null : Matrix(m.Gate, c.FfnSize, c.HiddenSize, c.FfnBias),
                Matrix(m.Up, c.FfnSize, c.HiddenSize, c.FfnBias),
                Matrix(m.Down, c.HiddenSize, c.FfnSize, c.FfnBias));
        }

        Linear Matrix(string module, int rows, int columns, bool bias = false)
        {
            WeightFormat format = folder.Get($"{module}.weight").Type.Format is { } own && !WeightKernels.For(own).QuantizesInput
                ? own : WeightFormat.F32;
            return Linear.Load(weights, format, bias, module, rows, columns);
        }
    }

    public void Dispose() => _arena.Dispose();
}

/// <summary>One decoder layer's weights.</summary>
internal sealed record DenseLayer(
    Norm AttentionNorm, Linear Query, Linear Key, Linear Value, Linear AttentionOutput, Norm FfnNorm, Linear? Gate, Linear Up, Linear Down);
