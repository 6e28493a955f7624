using Neuralink.Placement.Cost;

namespace Neuralink.Placement.Ordering;

/// <summary>What an order is made for, and with what.</summary>
public sealed record OrderingOptions
{
    public required PlacementMethod Method { get; init; }

    /// <summary>Bytes of a bundle on flash, a multiple of 512.</summary>
    public required int StrideBytes { get; init; }

    /// <summary>What reads cost on the device the image is for.</summary>
    public ReadCost Cost { get; init; } = ReadCost.Default;

    /// <summary>Of whatever a method chooses by chance: the same seed gives the same order, on any number of threads.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The cache that `best` expects, as a share of the layer's neurons. Default: the 5% of the Neuralink paper (arXiv 2410.19274 v3).</summary>
    public double CachedShare { get; init; } = 0.05;

    /// <summary>
    /// Exchanges that `best` tries, for each neuron. Default: 3000; three times as many bring another percent (docs/experiments.md).
    /// </summary>
    public int StepsPerNeuron { get; init; } = 3000;

    /// <summary>Whether `best` differs from `neuralink` with bundles of this size: it does where gaps of eight slots and more are worth reading through.</summary>
    public bool RearrangesLinks => BestOrdering.IsWorthIt(this);

    /// <summary>
    /// Memory for pairs of neurons that are sorted at a time, in each layer, at least 32; the order does not depend on it. Default: 16 MiB, a million pairs;
    /// with a quarter of that more is counted again, with four times that more is sorted in vain (docs/experiments.md).
    /// </summary>
    public long PairBytesMax { get; init; } = 16L << 20;

    /// <summary>Layers ordered at the same time, at least 1. Default: the processors there are.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>
    /// Memory for all layers that are ordered at the same time, traces included; one is ordered even where it needs more. What is kept from one layer for the
    /// next may add as much again where layers differ in how much fires. Default: 2 GiB, half of the smallest machine this is meant for.
    /// </summary>
    public long MemoryBytesMax { get; init; } = 2L << 30;
}
