namespace Neuralink.Pipeline.Residency;

/// <summary>
/// How the frames are shared out. Each share is a limit that the Cache keeps at all times, so that a lease always finds its frames:
/// a prefetch that has none left is cut short instead.
/// </summary>
/// <param name="CachedMax">Bundles kept at rest, between uses.</param>
/// <param name="LeasedMax">Bundles that a layer may have leased: all that it wants, or two waves of them.</param>
/// <param name="PrefetchedMax">Bundles read, or being read, ahead of the layer that may want them.</param>
public readonly record struct CacheLimits(int CachedMax, int LeasedMax, int PrefetchedMax)
{
    public int FrameCount => CachedMax + LeasedMax + PrefetchedMax;

    /// <summary>The most bundles of one fetch.</summary>
    public int FetchMax => Math.Max(LeasedMax, PrefetchedMax);

    /// <summary>
    /// How many of the neurons that a layer still wants its next wave has: all if they fit, and otherwise half of what may be leased, so
    /// that the wave after it can be read while this one is computed.
    /// </summary>
    /// <param name="left">Neurons that no wave has had.</param>
    /// <param name="leased">Frames that are leased.</param>
    public int WaveOf(int left, int leased)
    {
        int room = LeasedMax - leased;
        return left <= room ? left : Math.Min(room, (LeasedMax + 1) / 2);
    }
}
