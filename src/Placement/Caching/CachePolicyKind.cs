namespace Neuralink.Placement.Caching;

/// <summary>The policies there are.</summary>
public enum CachePolicyKind
{
    /// <summary><see cref="S3FifoPolicy"/>.</summary>
    S3Fifo,

    /// <summary><see cref="LfuPolicy"/>.</summary>
    Lfu,

    /// <summary><see cref="LruPolicy"/>.</summary>
    Lru,

    /// <summary><see cref="WindowPolicy"/>.</summary>
    Window,

    /// <summary><see cref="NonePolicy"/>.</summary>
    None,
}
