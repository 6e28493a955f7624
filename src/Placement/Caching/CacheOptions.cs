namespace Neuralink.Placement.Caching;

/// <summary>How the cache is ruled. Where a default is measured, docs/experiments.md has the measurement.</summary>
public sealed record CacheOptions
{
    public CachePolicyKind Kind { get; init; } = CachePolicyKind.S3Fifo;

    /// <summary>`s3-fifo`: the share of the capacity from which on the small queue is emptied, 0 to 1.</summary>
    public double SmallShare { get; init; } = 0.1;

    /// <summary>`s3-fifo`: keys that the ghost queue remembers, as a share of the capacity.</summary>
    public double GhostShare { get; init; } = 0.9;

    /// <summary>`s3-fifo`: uses in the small queue, after the first, with which a key moves on to the main one, 1 to 3.</summary>
    public int PromotedUses { get; init; } = 2;

    /// <summary>`s3-fifo`: the length from which on a segment counts as long.</summary>
    public int SegmentSlots { get; init; } = 8;

    /// <summary>`s3-fifo`: the probability with which members of a long segment are admitted, 0 to 1.</summary>
    public double SegmentProbability { get; init; } = 0.5;

    /// <summary>`s3-fifo`: of the admission of long segments.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>`lfu`: uses between two halvings of all counts, for each key there is.</summary>
    public double AgingUses { get; init; } = 10;

    /// <summary>`window`: the tokens whose neurons are held; 4 to 5 in LLM in a flash (arXiv 2312.11514).</summary>
    public int WindowTokens { get; init; } = 5;

    /// <summary>The share of the capacity that is kept for the neurons that fire most, where it is known which do, 0 to 1.</summary>
    public double PinnedShare { get; init; }
}
