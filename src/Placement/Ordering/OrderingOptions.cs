using Neuralink.Placement.Cost;

namespace Neuralink.Placement.Ordering;

/// <summary>What an order is made for.</summary>
public sealed record OrderingOptions
{
    public required PlacementMethod Method { get; init; }

    /// <summary>Bytes of a bundle on flash, a multiple of 512.</summary>
    public required int StrideBytes { get; init; }

    /// <summary>What reads cost on the device the image is for.</summary>
    public ReadCost Cost { get; init; } = ReadCost.Default;

    /// <summary>Of whatever a method chooses by chance: the same seed gives the same order, on any number of threads.</summary>
    public int Seed { get; init; } = 1;
}
