using Neuralink.Placement.Cost;

namespace Neuralink.Placement.Evaluation;

/// <summary>The device and the cache that an order is judged with.</summary>
public sealed record EvaluationSetup
{
    /// <summary>Bytes of a bundle on flash.</summary>
    public required int StrideBytes { get; init; }

    /// <summary>What reads cost; they are planned for the least of it.</summary>
    public ReadCost Cost { get; init; } = ReadCost.Default;

    /// <summary>The cache's share of the layer's neurons, 0 to 1. The paper's evaluation has 5% (v3) and 10% (v1).</summary>
    public double CachedShare { get; init; }

    /// <summary>The largest read, as in the engine: beyond 256 KiB bandwidth hardly grows any more.</summary>
    public int ReadBytesMax { get; init; } = 256 << 10;
}
