namespace Neuralink.Actors.Cache;

/// <summary>What the Cache has counted since the engine started, in neurons. Written by the Cache alone; read between passes.</summary>
public sealed class CacheCounts
{
    /// <summary>Neurons that fired.</summary>
    public long Wanted { get; set; }

    /// <summary>Of these, cached from earlier.</summary>
    public long CacheHits { get; set; }

    /// <summary>Neurons read ahead.</summary>
    public long Prefetched { get; set; }

    /// <summary>Wanted, and in DRAM already because they were read ahead.</summary>
    public long PrefetchOnTime { get; set; }

    /// <summary>Wanted while still being read ahead.</summary>
    public long PrefetchLate { get; set; }

    /// <summary>Read ahead in vain.</summary>
    public long PrefetchWasted { get; set; }

    /// <summary>Wanted, and read only then: what lookahead missed, and everything where there is none.</summary>
    public long Repaired { get; set; }
}
