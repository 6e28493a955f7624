using Neuralink.Placement.Caching;
using Neuralink.Placement.Ordering;

namespace Neuralink.Studies.Cells;

/// <summary>
/// One cell of a study's matrix: a model on a device, and one way to run it. All of it is data, so a cell can be written into a file and
/// run again. What is null follows the model, the strategy or the device.
/// </summary>
public sealed record StudyCell
{
    /// <summary>A synthetic shape's name, or the path of a flash image; of a measured cell the latter.</summary>
    public required string Model { get; init; }

    /// <summary>A device model's name, the path of a DEVICE.json, or "this" for the disk of the cell's model.</summary>
    public required string Device { get; init; }

    /// <summary>The path of a recorded trace of the model. Null: what the image keeps, or for a shape synthetic texts.</summary>
    public string? Trace { get; init; }

    /// <summary>Whether the engine itself runs; else its machines do, under a virtual clock.</summary>
    public bool IsMeasured { get; init; }

    /// <summary>How reading and computing share the time.</summary>
    public ExecutionStrategy Strategy { get; init; } = ExecutionStrategy.Cluster;

    /// <summary>The order of the neurons on flash. Null: the strategy's own, or Neuralink's.</summary>
    public PlacementMethod? Placement { get; init; }

    /// <summary>Share of all neurons that the cache holds, 0 to 1.</summary>
    public double CacheShare { get; init; } = 0.05;

    /// <summary>How it is ruled. Null: as the strategy says.</summary>
    public CachePolicyKind? CachePolicy { get; init; }

    /// <summary>Layers that are looked ahead, 1 to 8, by strategies that read ahead.</summary>
    public int LookaheadLayers { get; init; } = 1;

    /// <summary>Reads in flight. Null: as many as suit the device.</summary>
    public int? QueueDepth { get; init; }

    /// <summary>
    /// Whether each matrix's part of a neuron is a read of its own, as in a file that nobody has bundled; else a neuron is one read.
    /// </summary>
    public bool ReadsMatrices { get; init; }

    /// <summary>Boards that share each layer's neurons; the cell is of one of them, without the network. Of a shape only.</summary>
    public int Boards { get; init; } = 1;

    /// <summary>Threads that submit reads; several cost some devices bandwidth.</summary>
    public int Readers { get; init; } = 1;

    /// <summary>Of the neurons wanted and not cached, the share that lookahead finds, 0 to 1. Null: as assumed for the model.</summary>
    public double? LookaheadRecall { get; init; }

    /// <summary>Of the missing neurons that lookahead names, the share that is wanted, 0 to 1. Null: as assumed for the model.</summary>
    public double? LookaheadPrecision { get; init; }

    /// <summary>Neurons that the predictor names for each active one, 1 or more. Null: it is exact.</summary>
    public double? PredictedPerActive { get; init; }

    /// <summary>The widest gap that is read through, in bytes. Null: as the device's reads cost.</summary>
    public int? CollapseGapBytes { get; init; }

    /// <summary>A computing model's name, or "this" for this machine.</summary>
    public string Computing { get; init; } = "this";

    /// <summary>What computing is multiplied by, more than 0: to study other ratios of it to reading.</summary>
    public double ComputeScale { get; init; } = 1;

    /// <summary>Which text is generated.</summary>
    public StudyText Text { get; init; } = StudyText.SameDomain;

    /// <summary>Tokens generated and counted, after as many as fill the cache.</summary>
    public int Tokens { get; init; } = 64;
}

/// <summary>The text that a cell generates, beside the one that its order was made from.</summary>
public enum StudyText
{
    /// <summary>Another text of the same domain.</summary>
    SameDomain,

    /// <summary>A text of another domain.</summary>
    OtherDomain,

    /// <summary>A text of the same domain, four times as long, its last quarter counted.</summary>
    Longer,
}
