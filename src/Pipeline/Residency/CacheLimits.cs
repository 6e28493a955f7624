namespace Neuralink.Pipeline.Residency;

/// <summary>
/// How the frames are shared out. Each share is a limit that the Cache keeps at all times, so that a lease always finds its frames:
/// a prefetch that has none left is cut short instead.
/// </summary>
/// <param name="CachedMax">Bundles kept at rest, between uses.</param>
/// <param name="LeasedMax">Bundles of one lease: the widest wave.</param>
/// <param name="PrefetchedMax">Bundles read, or being read, ahead of the layer that may want them.</param>
public readonly record struct CacheLimits(int CachedMax, int LeasedMax, int PrefetchedMax)
{
    public int FrameCount => CachedMax + LeasedMax + PrefetchedMax;

    /// <summary>The most bundles of one fetch.</summary>
    public int FetchMax => Math.Max(LeasedMax, PrefetchedMax);
}
