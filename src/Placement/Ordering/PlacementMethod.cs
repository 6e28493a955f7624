namespace Neuralink.Placement.Ordering;

/// <summary>How the neurons of a layer are ordered on flash.</summary>
public enum PlacementMethod
{
    /// <summary>The model's own order.</summary>
    Identity,

    /// <summary>A seeded shuffle.</summary>
    Random,

    /// <summary>Those that fire most come first.</summary>
    Frequency,

    /// <summary>Those that fire together lie together, by the greedy search of Neuralink (arXiv 2410.19274), section "Offline stage".</summary>
    Neuralink,

    /// <summary>Linked greedily, and then rearranged for the cost of the reads themselves.</summary>
    Best,
}
