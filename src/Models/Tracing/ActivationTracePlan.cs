using Neuralink.Models.Configuration;
using Neuralink.Models.Inference;
using Neuralink.Models.Weights;
using Neuralink.Storage;
using Neuralink.Storage.Memory;

namespace Neuralink.Models.Tracing;

/// <summary>
/// How the tracer's native memory is shared out, in bytes, and how many tokens so go through a layer each time its neurons are read.
/// </summary>
/// <param name="ResidentBytes">
/// Weights that are always there. The exact predictor is none of them: whoever reads every bundle has its rows.
/// </param>
/// <param name="LayerBytes">The neurons of one layer.</param>
/// <param name="WindowBytes">Buffers of one window's pass through a layer, its keys and values included.</param>
/// <param name="StreamBytes">The residual stream of a batch.</param>
/// <param name="BatchTokens">Tokens of a batch, at least one window.</param>
public sealed record ActivationTracePlan(long ResidentBytes, long LayerBytes, long WindowBytes, long StreamBytes, int BatchTokens)
{
    /// <summary>
    /// The most tokens of a batch. Reading an FFN of 8 GB from flash of 1 GB/s then costs 8 ms a token, where computing 7 B parameters on
    /// two cores takes some 250; and what a stop or a crash loses is at most this.
    /// </summary>
    public const int BatchTokensMax = 1024;

    public long TotalBytes => ResidentBytes + LayerBytes + WindowBytes + StreamBytes;

    /// <summary>Shares out <paramref name="memoryBytes"/>, or what is needed.</summary>
    /// <param name="sizes">Of the resident half; a window is a chunk.</param>
    /// <param name="strideBytes">Of a neuron.</param>
    /// <param name="memoryBytes">The budget; null takes what speeds things up.</param>
    /// <exception cref="NeuralinkException">It does not fit even one window; the message has the plan.</exception>
    public static ActivationTracePlan Make(ResidentSizes sizes, int strideBytes, long? memoryBytes)
    {
        ModelConfig config = sizes.Config;
        int windowTokens = sizes.ChunkTokens;
        ActivationTracePlan most = Plan(Math.Max(windowTokens, BatchTokensMax)), least = Plan(windowTokens);
        if (memoryBytes is not { } budget || most.TotalBytes <= budget)
            return most;
        if (least.TotalBytes > budget)
        {
            throw new NeuralinkException(
                "fit the trace into its memory", $"at least {ByteSize.Format(least.TotalBytes)} ({least})", ByteSize.Format(budget),
                $"give --memory {(least.TotalBytes + (1 << 20) - 1) >> 20}MiB or more, or a smaller --window");
        }
        int low = windowTokens, high = most.BatchTokens;
        while (low < high)
        {
            int middle = low + ((high - low + 1) / 2);
            (low, high) = Plan(middle).TotalBytes <= budget ? (middle, high) : (low, middle - 1);
        }
        return Plan(low);

        ActivationTracePlan Plan(int batchTokens) => new(
            sizes.WeightBytes,
            FrameArena.RequiredBytes(config.FfnSize, strideBytes) + DenseFfn.RequiredWeightBytes(config, sizes.Formats.Predictor),
            sizes.KvBytes + sizes.BufferBytes + DenseFfn.RequiredBytes(config, sizes.Formats, windowTokens, sizes.Threads),
            FloatTensor.RequiredBytes(batchTokens, config.HiddenSize), batchTokens);
    }

    /// <summary>The parts, for people.</summary>
    public override string ToString() =>
        $"resident weights {ByteSize.Format(ResidentBytes)}, one layer's neurons {ByteSize.Format(LayerBytes)}, "
        + $"one window {ByteSize.Format(WindowBytes)}, {BatchTokens} tokens of a batch {ByteSize.Format(StreamBytes)}";
}
