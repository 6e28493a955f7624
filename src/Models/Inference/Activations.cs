using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;
using Neuralink.Storage.Memory;

namespace Neuralink.Models.Inference;

/// <summary>The buffers of one forward pass over up to B rows, in native memory.</summary>
public sealed class Activations
{
    private const string Purpose = "activations";

    /// <param name="arena">Takes the buffers.</param>
    /// <param name="c">Says the widths.</param>
    /// <param name="chunkTokens">B.</param>
    /// <param name="logitRows">Rows whose logits are there at a time.</param>
    /// <param name="formats">Of the resident matrices.</param>
    public Activations(NativeArena arena, ModelConfig c, int chunkTokens, int logitRows, ModelFormats formats)
    {
        ChunkTokens = chunkTokens;
        LogitRows = logitRows;
        Embedded = new(arena, chunkTokens, c.EmbeddingSize, Purpose);
        Residual = new(arena, chunkTokens, c.HiddenSize, Purpose);
        FfnResidual = c.IsParallel ? new(arena, chunkTokens, c.HiddenSize, Purpose) : Residual;
        Normed = new(arena, chunkTokens, c.HiddenSize, Purpose);
        Qkv = new(arena, chunkTokens, QkvWidth(c), Purpose);
        Attended = new(arena, chunkTokens, c.HeadCount * c.HeadSize, Purpose);
        FfnInput = new(arena, chunkTokens, c.HiddenSize, Purpose);
        FfnOutput = new(arena, chunkTokens, c.HiddenSize, Purpose);
        Logits = new(arena, logitRows, c.VocabularySize, Purpose);
        Quantized = QuantizedRows.For(arena, formats.QuantizesInput, chunkTokens, WidestInput(c));
    }

    /// <summary>B: the most rows of a pass.</summary>
    public int ChunkTokens { get; }

    /// <summary>Rows whose logits are there at a time.</summary>
    public int LogitRows { get; }

    /// <summary>[B, embedding width].</summary>
    public FloatTensor Embedded { get; }

    /// <summary>The residual stream, [B, d].</summary>
    public FloatTensor Residual { get; }

    /// <summary>
    /// The residual stream as the current layer's FFN takes it, before its norm, [B, d]: in a parallel block that from before the
    /// attention.
    /// </summary>
    public FloatTensor FfnResidual { get; }

    /// <summary>Scratch, [B, d].</summary>
    public FloatTensor Normed { get; }

    /// <summary>Queries, keys and values, [B, (H + 2 G) * s].</summary>
    public FloatTensor Qkv { get; }

    /// <summary>The heads' outputs, [B, H * s].</summary>
    public FloatTensor Attended { get; }

    /// <summary>What the FFN of the current layer multiplies with its weights, [B, d].</summary>
    public FloatTensor FfnInput { get; }

    /// <summary>The sum of the active neurons' down columns, [B, d].</summary>
    public FloatTensor FfnOutput { get; }

    /// <summary>[logit rows, vocabulary].</summary>
    public FloatTensor Logits { get; }

    /// <summary>The input of a product with a resident matrix in 8 bits, [B, its width]; null where the format does not want it.</summary>
    public QuantizedRows? Quantized { get; }

    public static long RequiredBytes(ModelConfig c, int chunkTokens, int logitRows, ModelFormats formats) =>
        FloatTensor.RequiredBytes(chunkTokens, c.EmbeddingSize)
        + ((c.IsParallel ? 5 : 4) * FloatTensor.RequiredBytes(chunkTokens, c.HiddenSize))
        + FloatTensor.RequiredBytes(chunkTokens, QkvWidth(c))
        + FloatTensor.RequiredBytes(chunkTokens, c.HeadCount * c.HeadSize)
        + FloatTensor.RequiredBytes(logitRows, c.VocabularySize)
        + QuantizedRows.RequiredBytes(formats.QuantizesInput, chunkTokens, WidestInput(c));

    private static int WidestInput(ModelConfig c) =>
        Math.Max(Math.Max(c.HiddenSize, c.EmbeddingSize), c.HeadCount * c.HeadSize);

    private static int QkvWidth(ModelConfig c) => (c.HeadCount + (2 * c.KvHeadCount)) * c.HeadSize;
}
