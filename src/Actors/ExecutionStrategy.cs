namespace Neuralink.Actors;

/// <summary>How reading and computing share the time.</summary>
public enum ExecutionStrategy
{
    /// <summary>A layer is computed when all its neurons are there, and nothing is read meanwhile.</summary>
    Serial,

    /// <summary>The next layer's likely neurons are read while this one computes, and what was missed is read while the hits compute.</summary>
    Overlap,
}
