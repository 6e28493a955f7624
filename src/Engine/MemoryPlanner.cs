using Neuralink.Actors.Prediction;
using Neuralink.Models.Configuration;
using Neuralink.Models.Inference;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Models.Weights;
using Neuralink.Pipeline.Residency;
using Neuralink.Storage;
using Neuralink.Storage.Memory;

namespace Neuralink;

/// <summary>
/// Shares out an engine's native memory. What a budget leaves after resident weights, KV cache and activations goes to staging up to what
/// speeds things up, then to the cache, and what is then over to the embedding and to a screen for the exact predictor.
/// </summary>
/// <param name="config">The model.</param>
/// <param name="formats">Of its matrices.</param>
/// <param name="strideBytes">Of a bundle.</param>
/// <param name="predictors">Who predicts, and who looks ahead.</param>
/// <param name="options">With the budget, and what is asked for of its parts.</param>
/// <param name="activeMost">The most neurons of a layer that a token is known to have had active; 0 where nothing is known.</param>
internal sealed class MemoryPlanner(
    ModelConfig config, ModelFormats formats, int strideBytes, PredictorSources predictors, EngineOptions options, int activeMost = 0)
{
    // A lease of fewer neurons would cut nearly every layer into waves.
    private const int LeasedFloor = 32;

    // Without a budget a lease has room for this part of a layer, and for what a token is known to have wanted and an eighth more. Chunks
    // of a prompt want more, and come in waves: by neuron, so that a placed image's runs are cut apart.
    private const int LeasedPart = 4, LeasedSparePart = 8;

    // Of a stream, what is computed at a time and as much ahead: some twenty milliseconds of a fast disk. More is better kept.
    private const int StreamedBytes = 16 << 20;

    // Enough that most of what reading a prompt's neurons once for many tokens saves is saved.
    private const int ChunkDefault = 32;

    // Passes of so many rows keep the rows of other texts waiting no longer than they did before.
    private const int ChunkOfMany = 64;

    // More rows than this make products no faster.
    private const int ChunkMax = 512;

    // A few rows at a time: a cache that gives way for them does so by little.
    private const int ChunkStep = 16;

    // What larger chunks may take: of what is needed anyway, and of the cache that a budget leaves.
    private const int ChunkPart = 8, ChunkCachePart = 16;

    private readonly int _neurons = checked(config.FfnCount * config.FfnSize);

    // A stream reads every neuron for every token, and has no memory for an embedding of which a token needs one row.
    private readonly bool _streams = StrategySwitches.Of(options.Strategy).Streams;

    // The output matrix is needed whole, and of a small file nothing can be left.
    private readonly bool _canLeave = WeightFile.RequiredBytes(config, formats, TensorPlace.Resident, leavesEmbedding: true)
        < WeightFile.RequiredBytes(config, formats, TensorPlace.Resident);

    private int LeasedMin => Math.Min(LeasedFloor, config.FfnSize);

    // What a token may want of a layer, as far as that is known.
    private int WantedMost => Math.Clamp(activeMost + (activeMost / LeasedSparePart), LeasedMin, config.FfnSize);

    private int LeasedMax
    {
        get
        {
            int some = Math.Max(LeasedMin, config.FfnSize / LeasedPart);
            some = Math.Max(some, WantedMost);
            return _streams ? Math.Clamp(StreamedBytes / strideBytes, LeasedMin, some) : some;
        }
    }

    /// <summary>Shares out <see cref="EngineOptions.MemoryBytes"/>, or what is needed.</summary>
    /// <exception cref="NeuralinkException">It does not fit; the message has the plan and the smallest budget that works.</exception>
    public MemoryPlan Make() =>
        options.MemoryBytes is { } budget ? Screened(Within(budget), budget) : Screened(Needed(), long.MaxValue);

    /// <summary>The least memory that works: with no cache, unless one is asked for.</summary>
    public MemoryPlan Smallest() => Least(leavesEmbedding: _canLeave);

    /// <summary>What the resident half of a model is sized by, in an engine with such a plan.</summary>
    public static ResidentSizes ResidentOf(ModelConfig config, ModelFormats formats, MemoryPlan plan, EngineOptions options) =>
        ResidentOf(config, formats, (plan.ContextTokens, plan.ChunkTokens), plan.LeavesEmbedding, options);

    /// <summary>
    /// With a screen for the exact predictor, where every neuron has a place anyway and the budget has room: memory that is short is better
    /// spent on neurons.
    /// </summary>
    private MemoryPlan Screened(MemoryPlan plan, long budget) =>
        predictors.Main.IsExact && plan.Frames.CachedMax == _neurons
            && ExactPredictor.ScreenBytes(config, formats.Predictor) is { } bytes && plan.TotalBytes + bytes <= budget
            ? plan with { PredictorBytes = plan.PredictorBytes + bytes, ScreensGates = true }
            : plan;

    private MemoryPlan Within(long budget)
    {
        MemoryPlan smallest = Smallest();
        if (smallest.TotalBytes > budget)
            throw DoesNotFit(smallest, budget);
        MemoryPlan plan = Within(budget, smallest.LeavesEmbedding);
        if (_streams || !plan.LeavesEmbedding || Least(leavesEmbedding: false).TotalBytes > budget)
            return plan;
        // A cached neuron saves more reads than rows of which a token needs one.
        MemoryPlan whole = Within(budget, leavesEmbedding: false);
        bool isOver = options.Cache is not null || whole.Frames.CachedMax == _neurons;
        return isOver && whole.Frames == plan.Frames && whole.ChunkTokens == plan.ChunkTokens ? whole : plan;
    }

    private MemoryPlan Needed()
    {
        int cached = (options.Cache ?? CacheSize.OfShare(EngineOptions.DefaultCacheShare)).FrameCount(_neurons, strideBytes);
        MemoryPlan needed = PlanOf(ChunkDefault);
        long bytesMax = needed.TotalBytes + (needed.TotalBytes / ChunkPart);
        return LargestChunk(needed, bytesMax, PlanOf, needed.CacheBytes);

        MemoryPlan PlanOf(int chunk) => Of(new CacheLimits(cached, LeasedMax, AheadOf(LeasedMax)), chunk, _streams && _canLeave);
    }

    private MemoryPlan Within(long budget, bool leavesEmbedding)
    {
        int? cached = options.Cache?.FrameCount(_neurons, strideBytes);
        // What a layer wants for certain, as far as that is known, comes before what the next one will probably want.
        int wanted = _streams ? LeasedMin : Largest(LeasedMin, WantedMost, n => Uncached(n, LeasedMin).TotalBytes <= budget);
        int ahead = Largest(LeasedMin, LeasedMax, n => Uncached(Math.Max(n, wanted), n).TotalBytes <= budget);
        int leased = Math.Max(ahead, wanted);
        MemoryPlan fitting = Cached(ChunkDefault);
        long spared = cached is null ? fitting.CacheBytes / ChunkCachePart : 0;
        return LargestChunk(fitting, budget, Cached, fitting.CacheBytes - spared);

        MemoryPlan Uncached(int leasedMax, int aheadMax) => With(cached ?? 0, leasedMax, aheadMax, ChunkDefault);

        MemoryPlan Cached(int chunk) =>
            With(cached ?? Largest(0, _neurons, n => With(n, leased, ahead, chunk).TotalBytes <= budget), leased, ahead, chunk);

        MemoryPlan With(int cachedMax, int leasedMax, int aheadMax, int chunk) =>
            Of(new CacheLimits(cachedMax, leasedMax, AheadOf(aheadMax)), chunk, leavesEmbedding);
    }

    private MemoryPlan Least(bool leavesEmbedding)
    {
        int cached = options.Cache?.FrameCount(_neurons, strideBytes) ?? 0;
        return Of(new CacheLimits(cached, LeasedMin, AheadOf(LeasedMin)), ChunkDefault, leavesEmbedding);
    }

    private int AheadOf(int frames) => StrategySwitches.Of(options.Strategy).StagesAhead ? frames : 0;

    /// <summary>
    /// The plan of the largest chunk whose plan takes no more than so much memory, at least <paramref name="small"/>, whose chunk is the
    /// smallest.
    /// </summary>
    private MemoryPlan LargestChunk(MemoryPlan small, long bytesMax, Func<int, MemoryPlan> planOf, long cacheBytesMin)
    {
        if (options.ChunkTokens is not null)
            return small;
        int steps = ((options.SequencesMax == 1 ? ChunkMax : ChunkOfMany) - ChunkDefault) / ChunkStep;
        int taken = Largest(0, steps, n =>
        {
            MemoryPlan plan = planOf(ChunkDefault + (n * ChunkStep));
            return plan.TotalBytes <= bytesMax && plan.CacheBytes >= cacheBytesMin;
        });
        return taken == 0 ? small : planOf(ChunkDefault + (taken * ChunkStep));
    }

    private MemoryPlan Of(CacheLimits frames, int chunkDefault, bool leavesEmbedding)
    {
        int context = options.ContextTokens ?? Math.Min(config.ContextLength, predictors.TokensMax ?? int.MaxValue);
        int chunk = Math.Max(Math.Min(options.ChunkTokens ?? chunkDefault, context), options.SequencesMax);
        ResidentSizes resident = ResidentOf(config, formats, (context, chunk), leavesEmbedding, options);
        long cacheBytes = (long)frames.CachedMax * strideBytes;
        long stagedBytes = FrameArena.RequiredBytes(frames.FrameCount, strideBytes) - cacheBytes;
        long lookaheadBytes = predictors.Ahead is { } ahead
            ? LookaheadInputs.RequiredBytes(config, chunk, ahead.Input, ahead.Depth, options.LookaheadLayers)
            : 0;
        return new MemoryPlan
        {
            ResidentBytes = resident.WeightBytes,
            PredictorBytes = predictors.RequiredBytes(chunk) + lookaheadBytes + DecidingBytes(),
            KvBytes = resident.KvBytes,
            ActivationBytes = resident.BufferBytes,
            StagingBytes = stagedBytes + SparseFfn.RequiredBytes(formats, config, frames.LeasedMax, chunk),
            CacheBytes = cacheBytes,
            Frames = frames,
            ContextTokens = context,
            ChunkTokens = chunk,
            KvBlocks = resident.KvBlocks,
            LeavesEmbedding = leavesEmbedding,
        };
    }

    // What decides, where neither the bundles have it nor the predictor.
    private long DecidingBytes() => formats.Bundles.LeavesDeciding && !predictors.Main.IsExact
        ? WeightFile.RequiredBytes(config, formats, TensorPlace.Predictor)
        : 0;

    private static ResidentSizes ResidentOf(
        ModelConfig config, ModelFormats formats, (int Context, int Chunk) tokens, bool leavesEmbedding, EngineOptions options) => new()
        {
            Config = config,
            Formats = formats,
            ContextTokens = tokens.Context,
            ChunkTokens = tokens.Chunk,
            SequencesMax = options.SequencesMax,
            KvTokens = options.KvTokens,
            Threads = options.Threads,
            LeavesEmbedding = leavesEmbedding,
        };

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
