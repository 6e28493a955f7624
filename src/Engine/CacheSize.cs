namespace Neuralink;

/// <summary>How many FFN neurons stay in DRAM between uses: a share of all of them, or as many as fit some bytes.</summary>
public readonly record struct CacheSize
{
    private CacheSize(double? share, long? bytes)
    {
        Share = share;
        Bytes = bytes;
    }

    /// <summary>Of all neurons, 0 to 1; null where <see cref="Bytes"/> says it.</summary>
    public double? Share { get; }

    public long? Bytes { get; }

    public static CacheSize OfShare(double share) => new(share, null);

    public static CacheSize OfBytes(long bytes) => new(null, bytes);

    /// <summary>The frames that hold it, at most <paramref name="neuronCount"/>.</summary>
    internal int FrameCount(int neuronCount, int strideBytes) =>
        (int)Math.Min(neuronCount, Share is { } share ? (long)Math.Ceiling(share * neuronCount) : Bytes!.Value / strideBytes);
}
