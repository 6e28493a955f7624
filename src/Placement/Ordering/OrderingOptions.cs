using Neuralink.Placement.Cost;

namespace Neuralink.Placement.Ordering;

/// <summary>How the neurons of a layer are ordered on flash.</summary>
public enum PlacementMethod
{
    /// <summary>The model's own order.</summary>
    Identity,

    /// <summary>A seeded shuffle.</summary>
    Random,

    /// <summary>The neurons that fire most come first.</summary>
    Frequency,

    /// <summary>
    /// Neurons that fire together lie together, by the greedy search of Neuralink (arXiv 2410.19274), section "Offline stage".
    /// </summary>
    Neuralink,

    /// <summary>The order of <see cref="Neuralink"/>, rearranged to make the reads themselves cheaper.</summary>
    Best,
}

/// <summary>The method that makes an order, what it optimises for, and the resources it may use.</summary>
public sealed record OrderingOptions
{
    public required PlacementMethod Method { get; init; }

    /// <summary>The bytes of a bundle on flash, a multiple of 512.</summary>
    public required int StrideBytes { get; init; }

    /// <summary>What reads cost on the device that the image is for.</summary>
    public ReadCost Cost { get; init; } = ReadCost.Default;

    /// <summary>The seed of a method's random choices. The same seed gives the same order on any number of threads.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>
    /// The cache that `best` expects, as a share of the layer's neurons. Default: the 5% of the Neuralink paper (arXiv 2410.19274 v3).
    /// </summary>
    public double CachedShare { get; init; } = 0.05;

    /// <summary>
    /// The number of exchanges that `best` tries for each neuron. Default: 3000. Three times as many
    /// gain another percent (docs/experiments/orders.md).
    /// </summary>
    public int StepsPerNeuron { get; init; } = 3000;

    /// <summary>
    /// Whether `best` differs from `neuralink` for bundles of this size. It does if gaps of eight slots and more are worth reading through.
    /// </summary>
    public bool RearrangesLinks => BestOrdering.IsWorthIt(this);

    /// <summary>
    /// The memory for the pairs of neurons that are sorted at a time in each layer, at least 32 bytes. The order does not depend on
    /// it. Default: 16 MiB, a million pairs. With a quarter of that, more pairs are counted again; with four times that, more are
    /// sorted in vain (docs/experiments/orders.md).
    /// </summary>
    public long PairBytesMax { get; init; } = 16L << 20;

    /// <summary>The number of layers that are ordered at the same time, at least 1. Default: the number of processors.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>
    /// The memory for all layers that are ordered at the same time, traces included. A single layer is ordered even if it needs more.
    /// Memory that is kept from one layer for the next may add as much again if layers differ in how much fires. Default: 2 GiB, half of
    /// the smallest machine that this is meant for.
    /// </summary>
    public long MemoryBytesMax { get; init; } = 2L << 30;
}
