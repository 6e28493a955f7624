using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Models.Weights;
using Neuralink.Storage.Memory;

namespace Neuralink.Models.Inference;

/// <summary>
/// The resident half of a model in an arena: weights, keys and values, and the buffers of a pass. It takes what
/// <see cref="ResidentSizes"/> says.
/// </summary>
public sealed class ResidentHalf
{
    /// <param name="arena">Has <see cref="ResidentSizes.TotalBytes"/> left.</param>
    /// <param name="sizes">What is laid out.</param>
    /// <param name="load">Loads the resident weights into the arena.</param>
    /// <param name="pool">Shares the work; of <see cref="ResidentSizes.Threads"/> threads.</param>
    public ResidentHalf(NativeArena arena, ResidentSizes sizes, Func<NativeArena, IWeightLoader> load, WorkerPool pool)
    {
        ResidentModel model = ResidentModel.Load(load(arena), sizes.Config, sizes.Formats);
        Blocks = new KvBlockPool(arena, sizes.Config, sizes.KvBlocks);
        Activations = new Activations(arena, sizes.Config, sizes.ChunkTokens, sizes.LogitRows, sizes.Formats);
        Decoder = new Decoder(arena, model, Activations, sizes.ContextTokens, pool);
    }

    /// <summary>Runs it.</summary>
    public Decoder Decoder { get; }

    /// <summary>The buffers of a pass.</summary>
    public Activations Activations { get; }

    /// <summary>Keys and values.</summary>
    public KvBlockPool Blocks { get; }
}

/// <summary>What the resident half of a model is sized by, and what it takes, in bytes.</summary>
public sealed record ResidentSizes
{
    // Reading the output matrix once for so many rows is nearly as good as once for all.
    private const int LogitRowsMax = 8;

    public required ModelConfig Config { get; init; }

    /// <summary>The formats of the matrices.</summary>
    public required ModelFormats Formats { get; init; }

    /// <summary>The most positions of a sequence.</summary>
    public required int ContextTokens { get; init; }

    /// <summary>The most rows of a pass.</summary>
    public required int ChunkTokens { get; init; }

    public required int Threads { get; init; }

    /// <summary>Whether the embedding stays on flash, if it is not the output matrix too: a token needs one row of it.</summary>
    public bool LeavesEmbedding { get; init; }

    /// <summary>Sequences that run at once.</summary>
    public int SequencesMax { get; init; } = 1;

    /// <summary>Tokens whose keys and values there is room for; null: those of as many sequences as run at once.</summary>
    public int? KvTokens { get; init; }

    /// <summary>Rows whose logits are in memory at a time.</summary>
    public int LogitRows => Math.Min(SequencesMax, LogitRowsMax);

    /// <summary>Blocks of keys and values.</summary>
    public int KvBlocks => KvTokens is { } tokens
        ? KvBlockPool.BlocksFor(tokens)
        : checked(SequencesMax * KvBlockPool.BlocksFor(ContextTokens));

    public long WeightBytes => WeightFile.RequiredBytes(Config, Formats, TensorPlace.Resident, LeavesEmbedding);

    public long KvBytes => KvBlockPool.RequiredBytes(Config, KvBlocks);

    public long BufferBytes =>
        Activations.RequiredBytes(Config, ChunkTokens, LogitRows, Formats)
        + AttentionHeads.RequiredBytes(Config, ContextTokens, ChunkTokens, Threads);

    public long TotalBytes => WeightBytes + KvBytes + BufferBytes;
}
