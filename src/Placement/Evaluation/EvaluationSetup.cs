using Neuralink.Placement.Cost;

namespace Neuralink.Placement.Evaluation;

/// <summary>The device for which an order is evaluated.</summary>
public sealed record EvaluationSetup
{
    /// <summary>The bytes of a bundle on flash.</summary>
    public required int StrideBytes { get; init; }

    /// <summary>The cost of a read. Reads are planned so that the sum of their costs is least.</summary>
    public ReadCost Cost { get; init; } = ReadCost.Default;

    /// <summary>The largest read, as in the engine. Beyond 256 KiB bandwidth hardly grows.</summary>
    public int ReadBytesMax { get; init; } = 256 << 10;

    /// <summary>The same in bundles, at least one.</summary>
    public int ExtentSlotsMax => Math.Max(1, ReadBytesMax / StrideBytes);
}
