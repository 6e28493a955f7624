using Neuralink.Placement.Synthetic;

namespace Neuralink.Placement.Caching;

/// <summary>
/// Linking-aligned admission: bundles read alone enter a full cache as usual, members of a long segment with a lower probability, because they are cheap to read
/// again and evicting a part of a segment breaks it up. Source: Neuralink (arXiv 2410.19274), section "Linking-aligned cache".
/// </summary>
internal struct SegmentAdmission(CacheOptions options)
{
    private readonly int _segmentSlots = options.SegmentSlots;
    private readonly double _probability = options.SegmentProbability;
    private SplitMix64 _random = new(options.Seed);

    /// <summary>Whether to refuse a member of a segment of <paramref name="segmentSlots"/>.</summary>
    public bool Refuses(int segmentSlots) => segmentSlots >= _segmentSlots && _random.NextDouble() >= _probability;
}
