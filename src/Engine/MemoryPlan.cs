using Neuralink.Models.Inference;
using Neuralink.Pipeline.Residency;
using Neuralink.Storage;

namespace Neuralink;

/// <summary>
/// How the engine's native memory is shared out, in bytes. Made before anything is loaded (<see cref="MemoryPlanner"/>); the arena has
/// exactly <see cref="TotalBytes"/>.
/// </summary>
public sealed record MemoryPlan
{
    /// <summary>Weights that are always there.</summary>
    public required long ResidentBytes { get; init; }

    /// <summary>What says which neurons are active, and looks ahead: weights and buffers.</summary>
    public required long PredictorBytes { get; init; }

    /// <summary>The KV cache.</summary>
    public required long KvBytes { get; init; }

    /// <summary>Buffers of a pass.</summary>
    public required long ActivationBytes { get; init; }

    /// <summary>Frames of leases and prefetches, with the activations of a lease's neurons.</summary>
    public required long StagingBytes { get; init; }

    /// <summary>Frames of cached neurons.</summary>
    public required long CacheBytes { get; init; }

    /// <summary>Staging and cache in frames.</summary>
    public required CacheLimits Frames { get; init; }

    /// <summary>The most tokens of a sequence.</summary>
    public required int ContextTokens { get; init; }

    /// <summary>The most tokens of a pass.</summary>
    public required int ChunkTokens { get; init; }

    /// <summary>Blocks of <see cref="KvBlockPool.DefaultBlockPositions"/> tokens.</summary>
    public required int KvBlocks { get; init; }

    /// <summary>Whether the embedding stays on flash, where a token needs one row of it.</summary>
    public required bool LeavesEmbedding { get; init; }

    /// <summary>Whether the exact predictor has a screen, which <see cref="PredictorBytes"/> counts.</summary>
    internal bool ScreensGates { get; init; }

    public long TotalBytes => ResidentBytes + PredictorBytes + KvBytes + ActivationBytes + StagingBytes + CacheBytes;

    /// <summary>The parts, for people.</summary>
    public override string ToString() =>
        $"resident weights {ByteSize.Format(ResidentBytes)}{(LeavesEmbedding ? " without the embedding" : "")}, "
        + $"predictor {ByteSize.Format(PredictorBytes)}, "
        + $"KV cache {ByteSize.Format(KvBytes)} ({ContextTokens} tokens in {KvBlocks} blocks of {KvBlockPool.DefaultBlockPositions}), "
        + $"activations {ByteSize.Format(ActivationBytes)}, staging {ByteSize.Format(StagingBytes)}, "
        + $"neuron cache {ByteSize.Format(CacheBytes)}";
}
