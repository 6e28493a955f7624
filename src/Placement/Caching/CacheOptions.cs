using Neuralink.Placement.Synthetic;

namespace Neuralink.Placement.Caching;

/// <summary>
/// The cache policy and its parameters. The defaults were measured by playing traces through the policies, for caches of 5% and 10% of the
/// neurons, on the bundled model and on models of the shapes of OPT-1.3B and Llama-2-7B: docs/experiments/caching.md.
/// </summary>
public sealed record CacheOptions
{
    /// <summary>The policy. Default: `lfu`. Its reads take 4% to 11% less time than those of the next best policy, S3-FIFO.</summary>
    public CachePolicyKind Kind { get; init; } = CachePolicyKind.Lfu;

    /// <summary>
    /// `s3-fifo`: keys leave the small queue once it fills this share of the capacity, 0 to 1. Default: the paper's 10%. With 5%, reads
    /// take 1% to 2% less time; with 25%, 2% to 5% more.
    /// </summary>
    public double SmallShare { get; init; } = 0.1;

    /// <summary>
    /// `s3-fifo`: keys that the ghost queue remembers, as a share of the capacity, 0 or more. Default: the paper's, which is as many as the
    /// main queue holds. More is worse, unless the capacity is less than what one token wants.
    /// </summary>
    public double GhostShare { get; init; } = 0.9;

    /// <summary>
    /// `s3-fifo` and `lfu`: a segment of at least this many bundles counts as long. Default: the best of 2, 3, 4 and 8 with `lfu` for all
    /// three models together.
    /// </summary>
    public int SegmentSlots { get; init; } = 3;

    /// <summary>
    /// `s3-fifo` and `lfu`: the probability with which a member of a long segment is admitted, 0 to 1. Default: one half. With `lfu`, reads
    /// then take half a percent less time than with 1 on each of the models. A lower probability is better for OPT, and worse for Llama,
    /// whose segments are long.
    /// </summary>
    public double SegmentProbability { get; init; } = 0.5;

    /// <summary>`s3-fifo` and `lfu`: the seed that decides which members of long segments are admitted.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>
    /// `lfu`: uses between two halvings of all counts, as a multiple of the number of keys, more than 0. Default: the best of 1
    /// to 50 in most cases. Without halving, all counts reach their maximum in the end, which loses a fifth of the hits (OPT) to
    /// all of them (Llama).
    /// </summary>
    public double AgingUses { get; init; } = 20;

    /// <summary>
    /// `window`: the neurons of this many last tokens are held, at least 1. Default: the 5 of LLM in a flash (arXiv 2312.11514).
    /// </summary>
    public int WindowTokens { get; init; } = 5;

    /// <summary>
    /// The share of the capacity that is reserved for the neurons that fire most, where a trace tells which these are, 0 to 1. Default:
    /// none. Pinning the whole capacity, compared with `lfu`, saves 2% to 3% of the reads' time in the first 200 tokens, and hardly any
    /// after them, for texts like those of the trace. For other texts it costs 4% to 19%.
    /// </summary>
    public double PinnedShare { get; init; }

    /// <summary>The options that are best for a policy.</summary>
    /// <remarks>
    /// `s3-fifo` should admit no member of any segment: reads then take 0.5% to 4% less time than if it treats all bundles alike.
    /// </remarks>
    public static CacheOptions Of(CachePolicyKind kind) => kind == CachePolicyKind.S3Fifo
        ? new CacheOptions { Kind = kind, SegmentSlots = 2, SegmentProbability = 0 }
        : new CacheOptions { Kind = kind };
}

/// <summary>
/// Linking-aligned admission to a full cache. A bundle that was read alone is admitted as usual. A member of a long segment is admitted
/// with a lower probability: it is cheap to read again, and evicting part of a segment breaks the segment up. Source: Neuralink (arXiv
/// 2410.19274), section "Linking-aligned cache".
/// </summary>
internal struct SegmentAdmission(CacheOptions options)
{
    private readonly int _segmentSlots = options.SegmentSlots;
    private readonly double _probability = options.SegmentProbability;
    private SplitMix64 _random = new(options.Seed);

    /// <summary>Whether to refuse a member of a segment of <paramref name="segmentSlots"/> bundles.</summary>
    public bool Refuses(int segmentSlots) => segmentSlots >= _segmentSlots && _random.NextDouble() >= _probability;
}
