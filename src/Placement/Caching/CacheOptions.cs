namespace Neuralink.Placement.Caching;

/// <summary>
/// How the cache is ruled. Defaults are measured by <see cref="Evaluation.CacheSimulation"/>, with caches of 5% and 10%, on the bundled model and on the shapes of
/// OPT-1.3B and Llama-2-7B: docs/experiments.md.
/// </summary>
public sealed record CacheOptions
{
    /// <summary>Which policy. Default: `lfu`, whose reads take 4% to 11% less time than those of the next best, S3-FIFO.</summary>
    public CachePolicyKind Kind { get; init; } = CachePolicyKind.Lfu;

    /// <summary>
    /// `s3-fifo`: the share of the capacity from which on the small queue is emptied, 0 to 1. Default: the paper's 10%; with 5% reads take 1% to 2% less time, with
    /// 25% they take 2% to 5% more.
    /// </summary>
    public double SmallShare { get; init; } = 0.1;

    /// <summary>
    /// `s3-fifo`: keys that the ghost queue remembers, as a share of the capacity, 0 or more. Default: the paper's, as many as the main queue holds; more is worse
    /// unless the capacity is less than what one token wants.
    /// </summary>
    public double GhostShare { get; init; } = 0.9;

    /// <summary>
    /// `s3-fifo` and `lfu`: the length from which on a segment counts as long. Default: the best of 2, 3, 4 and 8 with `lfu` for all three models together.
    /// </summary>
    public int SegmentSlots { get; init; } = 3;

    /// <summary>
    /// `s3-fifo` and `lfu`: the probability with which members of a long segment are admitted, 0 to 1. Default: with it and `lfu` reads take half a percent less
    /// time than with 1, on each of the models; less is better for OPT, and worse for Llama, whose segments are long.
    /// </summary>
    public double SegmentProbability { get; init; } = 0.5;

    /// <summary>`s3-fifo` and `lfu`: of the admission of long segments.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>
    /// `lfu`: uses between two halvings of all counts, for each key there is, more than 0. Default: of 1 to 50 the best for most; without any halving the
    /// counts fill up, and a fifth of the hits (OPT) to all (Llama) are lost.
    /// </summary>
    public double AgingUses { get; init; } = 20;

    /// <summary>`window`: the tokens whose neurons are held, at least 1. Default: the 5 of LLM in a flash (arXiv 2312.11514).</summary>
    public int WindowTokens { get; init; } = 5;

    /// <summary>
    /// The share of the capacity that is kept for the neurons that fire most, where it is known which do, 0 to 1. Default: none. Before `lfu` all pinned saves 2% to 3%
    /// of the reads' time in the first 200 tokens and then hardly any, with texts like those of the trace, and costs 4% to 19% with others.
    /// </summary>
    public double PinnedShare { get; init; }

    /// <summary>The options that are best for a policy.</summary>
    /// <remarks>With `s3-fifo` no member of any segment should be admitted: reads take 0.5% to 4% less time than without such admission.</remarks>
    public static CacheOptions Of(CachePolicyKind kind) => kind == CachePolicyKind.S3Fifo
        ? new CacheOptions { Kind = kind, SegmentSlots = 2, SegmentProbability = 0 }
        : new CacheOptions { Kind = kind };
}
