using Neuralink.Actors.Cache;
using Neuralink.Actors.Compute;
using Neuralink.Actors.Generation;
using Neuralink.Actors.Io;
using Neuralink.Actors.Prediction;

namespace Neuralink.Actors;

/// <summary>The counters of all actors. Each has one writer; they are read when nothing runs.</summary>
internal sealed record PipelineCounters(CacheCounts Cache, IoCounts Io, ComputeCounts Compute, FiringCounts Firing)
{
    public CountersSnapshot Snapshot() => new(
        Cache.Wanted, Cache.CacheHits, Cache.Prefetched, Cache.PrefetchOnTime, Cache.PrefetchLate, Cache.PrefetchWasted, Cache.Repaired,
        Io.Reads, Io.BytesRead, Io.BusyTicks, Compute.WaitTicks, Firing.Firing.Sum(), Firing.Tokens.Sum());
}

/// <summary>The counters at one moment, or between two.</summary>
internal readonly record struct CountersSnapshot(
    long Wanted, long CacheHits, long Prefetched, long PrefetchOnTime, long PrefetchLate, long PrefetchWasted, long Repaired,
    long Reads, long BytesRead, long BusyTicks, long WaitTicks, long Firing, long LayerTokens)
{
    public static CountersSnapshot operator -(CountersSnapshot a, CountersSnapshot b) => new(
        a.Wanted - b.Wanted, a.CacheHits - b.CacheHits, a.Prefetched - b.Prefetched, a.PrefetchOnTime - b.PrefetchOnTime, a.PrefetchLate - b.PrefetchLate,
        a.PrefetchWasted - b.PrefetchWasted, a.Repaired - b.Repaired, a.Reads - b.Reads, a.BytesRead - b.BytesRead, a.BusyTicks - b.BusyTicks,
        a.WaitTicks - b.WaitTicks, a.Firing - b.Firing, a.LayerTokens - b.LayerTokens);

    public IoFigures ToFigures(TimeProvider time, int payloadBytes) => new(
        BytesRead, (PrefetchOnTime + PrefetchLate + Repaired) * payloadBytes, Reads, Wanted == 0 ? 0 : (double)CacheHits / Wanted,
        Prefetched, PrefetchOnTime, PrefetchLate, PrefetchWasted, Repaired, Millis(time, WaitTicks), Millis(time, BusyTicks));

    public double FiringShare(int neuronsPerLayer) => LayerTokens == 0 ? 0 : (double)Firing / ((double)LayerTokens * neuronsPerLayer);

    private static double Millis(TimeProvider time, long ticks) => time.GetElapsedTime(0, ticks).TotalMilliseconds;
}
