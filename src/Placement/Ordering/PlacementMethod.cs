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
}
