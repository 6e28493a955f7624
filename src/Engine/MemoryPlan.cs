using Neuralink.Actors.Prediction;
using Neuralink.Models.Configuration;
using Neuralink.Models.Inference;
using Neuralink.Models.Weights;
using Neuralink.Pipeline.Residency;
using Neuralink.Storage;
using Neuralink.Storage.Memory;

namespace Neuralink;

/// <summary>
/// How the engine's native memory is shared out, in bytes. Made before anything is loaded; the arena has exactly
/// <see cref="TotalBytes"/>. What a budget leaves after resident weights, KV cache and activations goes to staging up to what speeds things
/// up, and then to the cache.
/// </summary>
public sealed record MemoryPlan
{
    // A lease of fewer neurons would cut nearly every layer into waves.
    private const int LeasedMin = 32;

    // Without a budget a lease has room for this part of a layer; more are active only in chunks of a prompt, which then come in waves.
    private const int LeasedPart = 4;

    // Of a stream, what is computed at a time and as much ahead: some twenty milliseconds of a fast disk. More is better kept.
    private const int StreamedBytes = 16 << 20;

    // Enough that most of what reading a prompt's neurons once for many tokens saves is saved.
    private const int ChunkDefault = 32;

    // Passes of so many rows keep the rows of other texts waiting no longer than they did before.
    private const int ChunkOfMany = 64;

    // More rows than this make products no faster.
    private const int ChunkMax = 512;

    // What larger chunks may take: of what is needed anyway, and of the cache that a budget leaves.
    private const int ChunkPart = 8, ChunkCachePart = 16;

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

    public long TotalBytes => ResidentBytes + PredictorBytes + KvBytes + ActivationBytes + StagingBytes + CacheBytes;

    /// <summary>Shares out <paramref name="options"/>.MemoryBytes, or what is needed.</summary>
    /// <exception cref="NeuralinkException">It does not fit; the message has the plan and the smallest budget that works.</exception>
    internal static MemoryPlan Make(
        ModelConfig config, ModelFormats formats, int strideBytes, PredictorSources predictors, EngineOptions options)
    {
        int neurons = checked(config.FfnCount * config.FfnSize);
        int leasedMin = LeasedMinOf(config), leasedMax = Math.Max(leasedMin, config.FfnSize / LeasedPart);
        if (StrategySwitches.Of(options.Strategy).Streams)
            leasedMax = Math.Clamp(StreamedBytes / strideBytes, leasedMin, leasedMax);
        int? cached = options.Cache?.FrameCount(neurons, strideBytes);
        if (cached is null && options.MemoryBytes is null)
            cached = CacheSize.OfShare(EngineOptions.DefaultCacheShare).FrameCount(neurons, strideBytes);
        if (options.MemoryBytes is not { } budget)
        {
            MemoryPlan needed = Plan(leasedMax, cached!.Value);
            long bytesMax = needed.TotalBytes + (needed.TotalBytes / ChunkPart);
            return LargestChunk(needed, options, bytesMax, chunk => Plan(leasedMax, cached.Value, chunk), needed.CacheBytes);
        }
        MemoryPlan smallest = Smallest(config, formats, strideBytes, predictors, options);
        if (smallest.TotalBytes > budget)
            throw DoesNotFit(smallest, budget);
        int leased = Largest(leasedMin, leasedMax, n => Plan(n, cached ?? 0).TotalBytes <= budget);
        MemoryPlan fitting = Cached(ChunkDefault);
        long spared = cached is null ? fitting.CacheBytes / ChunkCachePart : 0;
        return LargestChunk(fitting, options, budget, Cached, fitting.CacheBytes - spared);

        MemoryPlan Plan(int leasedCount, int cachedCount, int chunk = ChunkDefault) =>
            Of(config, formats, strideBytes, predictors, options, leasedCount, cachedCount, chunk);

        MemoryPlan Cached(int chunk) =>
            Plan(leased, cached ?? Largest(0, neurons, n => Plan(leased, n, chunk).TotalBytes <= budget), chunk);
    }

    /// <summary>
    /// The plan of the largest chunk whose plan takes no more than so much memory, at least <paramref name="small"/>, whose chunk is the
    /// smallest.
    /// </summary>
    private static MemoryPlan LargestChunk(
        MemoryPlan small, EngineOptions options, long bytesMax, Func<int, MemoryPlan> planOf, long cacheBytesMin)
    {
        if (options.ChunkTokens is not null)
            return small;
        for (int chunk = options.SequencesMax == 1 ? ChunkMax : ChunkOfMany; chunk > ChunkDefault; chunk /= 2)
        {
            MemoryPlan plan = planOf(chunk);
            if (plan.TotalBytes <= bytesMax && plan.CacheBytes >= cacheBytesMin)
                return plan;
        }
        return small;
    }

    /// <summary>The least memory that works: with no cache, unless one is asked for.</summary>
    internal static MemoryPlan Smallest(
        ModelConfig config, ModelFormats formats, int strideBytes, PredictorSources predictors, EngineOptions options)
    {
        int cached = options.Cache?.FrameCount(checked(config.FfnCount * config.FfnSize), strideBytes) ?? 0;
        return Of(config, formats, strideBytes, predictors, options, LeasedMinOf(config), cached, ChunkDefault);
    }

    /// <summary>What the resident half of a model is sized by, in an engine with room for so many tokens.</summary>
    internal static ResidentSizes ResidentOf(
        ModelConfig config, ModelFormats formats, int contextTokens, int chunkTokens, EngineOptions options) => new()
        {
            Config = config,
            Formats = formats,
            ContextTokens = contextTokens,
            ChunkTokens = chunkTokens,
            SequencesMax = options.SequencesMax,
            KvTokens = options.KvTokens,
            Threads = options.Threads,
            LeavesEmbedding = StrategySwitches.Of(options.Strategy).Streams,
        };

    private static MemoryPlan Of(
        ModelConfig config, ModelFormats formats, int strideBytes, PredictorSources predictors, EngineOptions options, int leasedCount,
        int cachedCount, int chunkDefault)
    {
        int context = options.ContextTokens ?? Math.Min(config.ContextLength, predictors.TokensMax ?? int.MaxValue);
        int chunk = Math.Max(Math.Min(options.ChunkTokens ?? chunkDefault, context), options.SequencesMax);
        ResidentSizes resident = ResidentOf(config, formats, context, chunk, options);
        CacheLimits frames = new(cachedCount, leasedCount, StrategySwitches.Of(options.Strategy).StagesAhead ? leasedCount : 0);
        long cacheBytes = (long)cachedCount * strideBytes;
        long stagedBytes = FrameArena.RequiredBytes(frames.FrameCount, strideBytes) - cacheBytes;
        long lookaheadBytes = predictors.Ahead is { } ahead
            ? LookaheadInputs.RequiredBytes(config, chunk, ahead.Input, ahead.Depth, options.LookaheadLayers)
            : 0;
        return new MemoryPlan
        {
            ResidentBytes = resident.WeightBytes,
            PredictorBytes = predictors.RequiredBytes(chunk) + lookaheadBytes + DecidingBytes(config, formats, predictors),
            KvBytes = resident.KvBytes,
            ActivationBytes = resident.BufferBytes,
            StagingBytes = stagedBytes + SparseFfn.RequiredBytes(formats, config, leasedCount, chunk),
            CacheBytes = cacheBytes,
            Frames = frames,
            ContextTokens = context,
            ChunkTokens = chunk,
            KvBlocks = resident.KvBlocks,
        };
    }

    // What decides, where neither the bundles have it nor the predictor.
    private static long DecidingBytes(ModelConfig config, ModelFormats formats, PredictorSources predictors) =>
        formats.Bundles.LeavesDeciding && !predictors.Main.IsExact
            ? WeightFile.RequiredBytes(config, formats, TensorPlace.Predictor)
            : 0;

    private static int LeasedMinOf(ModelConfig config) => Math.Min(LeasedMin, config.FfnSize);

    /// <summary>The parts, for people.</summary>
    public override string ToString() =>
        $"resident weights {ByteSize.Format(ResidentBytes)}, predictor {ByteSize.Format(PredictorBytes)}, "
        + $"KV cache {ByteSize.Format(KvBytes)} ({ContextTokens} tokens in {KvBlocks} blocks of {KvBlockPool.DefaultBlockPositions}), "
        + $"activations {ByteSize.Format(ActivationBytes)}, staging {ByteSize.Format(StagingBytes)}, "
        + $"neuron cache {ByteSize.Format(CacheBytes)}";

    /// <summary>The largest n in [low, high] that fits; low does.</summary>
    private static int Largest(int low, int high, Func<int, bool> fits)
    {
        while (low < high)
        {
            int middle = low + ((high - low + 1) / 2);
            (low, high) = fits(middle) ? (middle, high) : (low, middle - 1);
        }
        return low;
    }

    private static NeuralinkException DoesNotFit(MemoryPlan smallest, long budget) => new(
        "fit the model into its memory", $"at least {ByteSize.Format(smallest.TotalBytes)} ({smallest})", ByteSize.Format(budget),
        $"give --memory {(smallest.TotalBytes + (1 << 20) - 1) >> 20}MiB or more, or a smaller --cache");
}
