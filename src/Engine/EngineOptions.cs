using Neuralink.Models.Configuration;
using Neuralink.Placement.Caching;
using Neuralink.Placement.Cost;
using Neuralink.Storage;
using Neuralink.Storage.Devices;

namespace Neuralink;

/// <summary>
/// How an engine is set up. Every limit of the pipeline is here, with its default and where that comes from. Checked by
/// <see cref="Validate"/> when the engine opens, and fixed from then on.
/// </summary>
public sealed record EngineOptions
{
    /// <summary>Budget for all of the engine's native memory; null takes what the other options need.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>
    /// Neurons kept in DRAM. Null: what the budget leaves, or without a budget <see cref="DefaultCacheShare"/>.
    /// </summary>
    public CacheSize? Cache { get; init; }

    /// <summary>How the cache is ruled. Null: as the strategy says.</summary>
    public CacheOptions? CachePolicy { get; init; }

    /// <summary>
    /// Whether the empty cache is filled in large reads from opening on, while nothing more urgent is to be read. Default: a token that
    /// finds its neurons in DRAM is worth more than the reads that nobody may come to want (docs/experiments/first-token.md).
    /// </summary>
    public WarmUpMode WarmUp { get; init; } = WarmUpMode.Auto;

    internal CacheOptions Policy => StrategySwitches.Of(Strategy).Streams
        ? new CacheOptions { Kind = CachePolicyKind.None, PinnedShare = 1 }      // a part of each layer, which is never evicted
        : CachePolicy ?? (StrategySwitches.Of(Strategy).Cache is { } kind ? CacheOptions.Of(kind) : new CacheOptions());

    /// <summary>
    /// The share of the missing neurons that lookahead names of a layer that must turn out to be wanted for it to be read ahead, 0 to 1, on
    /// a device that is never idle; where it is idle in time for a layer, less is enough, down to a fifth. Default: what is read in vain
    /// delays what a layer waits for, so little more than half right loses (docs/experiments/strategies.md).
    /// </summary>
    public double LookaheadPrecisionMin { get; init; } = 0.6;

    /// <summary>The cache of Neuralink's first version (arXiv 2410.19274v1, evaluation setup).</summary>
    public const double DefaultCacheShare = 0.10;

    /// <summary>Workers that compute, 1 to 256. Default: the processors there are.</summary>
    public int Threads { get; init; } = Math.Min(Environment.ProcessorCount, 256);

    /// <summary>
    /// How reading and computing share the time; <see cref="StrategyChoice"/> says what suits a model. Default: what never reads in vain.
    /// </summary>
    public ExecutionStrategy Strategy { get; init; } = ExecutionStrategy.Cluster;

    /// <summary>
    /// Whether passes that look ahead are compared with others while texts run, and what is quicker is done, by strategies that read ahead.
    /// </summary>
    internal bool TriesLookahead { get; init; }

    /// <summary>Who says which neurons a layer needs.</summary>
    public PredictorOptions Predictor { get; init; } = PredictorOptions.Exact;

    /// <summary>
    /// Who says which neurons a later layer will need, for strategies that read ahead. Null: as <see cref="Predictor"/> does.
    /// </summary>
    public PredictorOptions? Lookahead { get; init; }

    internal PredictorOptions LookaheadPredictor => Lookahead ?? Predictor;

    /// <summary>How many layers are looked ahead, 1 to 8. Default: the state of a layer says most about the next one.</summary>
    public int LookaheadLayers { get; init; } = 1;

    /// <summary>
    /// Reads in flight, 1 to 256, a thread each unless io_uring reads. Default: from 16 threads on a virtio disk gives its full bandwidth
    /// at 64 KiB, and 32 add little (docs/experiments/devices.md).
    /// </summary>
    public int QueueDepth { get; init; } = 16;

    /// <summary>Whether reads go past the page cache, and by threads or io_uring.</summary>
    public FlashAccess Io { get; init; } = FlashAccess.Direct;

    /// <summary>Positions of the KV cache; null takes the model's own context length.</summary>
    public int? ContextTokens { get; init; }

    /// <summary>Texts that run at once, 1 to 256. Default: a command has one.</summary>
    public int SequencesMax { get; init; } = 1;

    /// <summary>
    /// Texts that may wait beyond these, 0 to 65536; what comes then is refused. Default: some minutes of a slow device's work.
    /// </summary>
    public int WaitingMax { get; init; } = 64;

    /// <summary>
    /// Tokens whose keys and values there is room for, of all texts together and those kept for later ones; at least one text's.
    /// Null: <see cref="SequencesMax"/> times the context.
    /// </summary>
    public int? KvTokens { get; init; }

    /// <summary>
    /// Tokens of a prompt that are run, and whose neurons are read, together; 1 to 512. Null: 32, or as many more as take an eighth of the
    /// memory that is needed anyway, or a sixteenth of the cache that <see cref="MemoryBytes"/> leaves: up to 512 where one text runs at a
    /// time, and up to 64 where others wait for a pass to end (docs/experiments/kernels.md).
    /// </summary>
    public int? ChunkTokens { get; init; }

    /// <summary>
    /// What the device's reads cost: they are planned for the least of it, and gaps are no longer read through while the device proves
    /// bound by bandwidth. Default: the knee of both a UFS 4.0 phone (paper, section on the online stage) and the virtio disk this is built
    /// on is near 20 KiB.
    /// </summary>
    public ReadCost ReadCost { get; init; } = ReadCost.Default;

    /// <summary>
    /// The widest gap that is read through, 0 to 1 MiB, whatever reads cost; 0 joins only neighbours. Null: as <see cref="ReadCost"/> has
    /// it.
    /// </summary>
    public int? CollapseGapBytes { get; init; }

    /// <summary>
    /// <see cref="CollapseGapBytes"/>, or none where the strategy does not collapse; null where reads are planned by what they cost.
    /// </summary>
    internal int? FixedGapBytes => CollapseGapBytes ?? (StrategySwitches.Of(Strategy).Collapses ? null : 0);

    /// <summary>
    /// <see cref="ReadCost"/>, or the curve by which just the gaps of up to <see cref="FixedGapBytes"/> cost less than a read more.
    /// </summary>
    internal ReadCost PlannedReadCost =>
        FixedGapBytes is { } gapBytes ? ReadCost.Linear(readMicros: gapBytes + 1, bytesPerMicro: 1) : ReadCost;

    /// <summary>The longest read, 4 KiB to 16 MiB. Default: bandwidth is flat from here on (docs/experiments/devices.md).</summary>
    public int ReadBytesMax { get; init; } = 256 << 10;

    // Nobody waits for a single read of a stream, and fewer of them cost less.
    private const int StreamReadBytes = 1 << 20;

    /// <summary>The same in bundles, at most what one preadv takes on Linux (IOV_MAX).</summary>
    internal int ExtentSlotsMax(int strideBytes)
    {
        int bytes = StrategySwitches.Of(Strategy).Streams ? Math.Max(ReadBytesMax, StreamReadBytes) : ReadBytesMax;
        return Math.Clamp(bytes / strideBytes, 1, 1024);
    }

    /// <summary>Times that a read is tried, 1 to 10, before its generation fails.</summary>
    public int ReadAttemptsMax { get; init; } = 3;

    /// <summary>These options for a model: where all neurons are wanted, nobody is asked which.</summary>
    internal EngineOptions For(ModelConfig config)
    {
        bool wantsAll = StrategySwitches.Of(Strategy).Streams
            || (!config.IsSparse && Predictor.Kind == PredictorKind.Exact);
        bool aheadIsExact = Lookahead is null or { Kind: PredictorKind.Exact };
        return wantsAll ? this with { Predictor = PredictorOptions.All, Lookahead = aheadIsExact ? null : Lookahead } : this;
    }

    /// <exception cref="NeuralinkException">A value is outside its range.</exception>
    public void Validate()
    {
        if (FindErrors() is [NeuralinkException first, ..])
            throw first;
    }

    /// <summary>Every value that is outside its range; none where all is well.</summary>
    public IReadOnlyList<NeuralinkException> FindErrors()
    {
        List<NeuralinkException> errors = [];
        Require(MemoryBytes is null or > 0, "memory above 0 bytes", MemoryBytes);
        Require(Cache?.Share is null or (>= 0 and <= 1), "a cache share of 0% to 100%", Cache?.Share);
        Require(Cache?.Bytes is null or >= 0, "a cache of at least 0 bytes", Cache?.Bytes);
        Require(Threads is >= 1 and <= 256, "1 to 256 threads", Threads);
        Require(Enum.IsDefined(Strategy), "a strategy", Strategy);
        Require(Predictor.IsValid, "a predictor: a sketch of 2 to 4 bits, an oracle with its trace", Predictor);
        Require(
            Lookahead is null or { IsValid: true },
            "a predictor for the lookahead: a sketch of 2 to 4 bits, an oracle with its trace", Lookahead);
        Require(LookaheadLayers is >= 1 and <= 8, "a lookahead of 1 to 8 layers", LookaheadLayers);
        Require(
            Policy is { SmallShare: >= 0 and <= 1, GhostShare: >= 0 and <= 100 }
                and { SegmentProbability: >= 0 and <= 1, PinnedShare: >= 0 and <= 1 }
                and { SegmentSlots: >= 1, WindowTokens: >= 1, AgingUses: > 0 },
            "a cache policy of shares and probabilities of 0 to 1, and counts above 0", Policy);
        Require(Enum.IsDefined(WarmUp), "a warm-up, auto or none", WarmUp);
        Require(LookaheadPrecisionMin is >= 0 and <= 1, "a lookahead precision of 0 to 1", LookaheadPrecisionMin);
        Require(QueueDepth is >= 1 and <= 256, "a queue depth of 1 to 256", QueueDepth);
        Require(Enum.IsDefined(Io), "io direct, buffered or uring", Io);
        Require(ContextTokens is null or > 0, "a context of at least 1 token", ContextTokens);
        Require(SequencesMax is >= 1 and <= 256, "1 to 256 sequences", SequencesMax);
        Require(WaitingMax is >= 0 and <= 65536, "0 to 65536 waiting texts", WaitingMax);
        Require(KvTokens is null or > 0, "a KV cache of at least 1 token", KvTokens);
        Require(ChunkTokens is null or (>= 1 and <= 512), "chunks of 1 to 512 tokens", ChunkTokens);
        Require(CollapseGapBytes is null or (>= 0 and <= 1 << 20), "a collapse gap of 0 to 1 MiB", CollapseGapBytes);
        Require(ReadBytesMax is >= 4096 and <= 16 << 20, "reads of 4 KiB to 16 MiB", ReadBytesMax);
        Require(ReadAttemptsMax is >= 1 and <= 10, "1 to 10 attempts", ReadAttemptsMax);
        return errors;

        void Require(bool holds, string expected, object? found)
        {
            if (!holds)
                errors.Add(new NeuralinkException("set up the engine", expected, $"{found}"));
        }
    }
}
