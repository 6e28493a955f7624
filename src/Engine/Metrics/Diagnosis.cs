using System.Globalization;

namespace Neuralink;

/// <summary>
/// One line that says what held a run up, and what to change. Every number in it follows from the run's own metrics: what a remedy brings
/// is a bound ("at most"), as nothing of the remedy has been measured.
/// </summary>
internal static class Diagnosis
{
    // Below this share of the time, waiting is not what to work on.
    private const double WaitShareMin = 0.10;

    // Reading ahead that is more often wrong than this costs a device that is waited for more than it hides.
    private const double WastedShareMax = 0.4;

    // A device at this share of its bandwidth gains nothing from larger reads; one below it is bound by the number of reads.
    private const double CeilingShare = 0.75;

    /// <summary>What held the run up.</summary>
    /// <param name="run">Its facts.</param>
    public static string Of(DiagnosedRun run)
    {
        IoMetrics io = run.Io;
        double waitShare = io.WaitMillis / run.TotalMillis, computeMillis = run.TotalMillis - io.WaitMillis;
        if (io.Reads + io.WarmUpReads == 0)
            return "compute-bound: everything was in memory; more threads or weights of fewer bits help, flash has no part in it";
        if (waitShare < WaitShareMin)
        {
            return $"compute-bound: it waited for flash for {Percent(waitShare)} of the time, so a faster disk or a larger cache saves "
                + "at most that; more threads, weights of fewer bits or a cheaper predictor help";
        }
        return $"disk-bound: it waited for flash for {Percent(waitShare)} of the time; {Remedy(run, computeMillis)}";
    }

    private static string Remedy(DiagnosedRun run, double computeMillis)
    {
        IoMetrics io = run.Io;
        double wantedPerPass = (double)io.Wanted / run.Passes;
        if (run.CachedMax < wantedPerPass / run.LayerCount)
        {
            return $"the cache is too small: it holds {run.CachedMax} neurons, and a layer needs "
                + $"{wantedPerPass / run.LayerCount:0} for a token; "
                + "give more --memory or --cache (`neuralink plan` says what it brings)";
        }
        double hiddenAtBest = Math.Max(computeMillis, io.IoMillis) / run.TotalMillis;
        if (!run.ReadsAhead && hiddenAtBest < 1 - WaitShareMin)
        {
            return "nothing is read ahead: where lookahead is right, --strategy prefetch+cluster can take at most "
                + $"{Percent(1 - hiddenAtBest)} off the time";
        }
        double wasted = (double)io.PrefetchWasted / Math.Max(1, io.Prefetched);
        if (wasted > WastedShareMax)
        {
            return $"{Percent(wasted)} of what was read ahead was in vain: a trained lookahead (`neuralink train-predictor --depth 1`, "
                + "--lookahead low-rank) can take at most that share of these reads away, and --strategy cluster reads nothing in vain";
        }
        if (io.RawBytesPerSecond < CeilingShare * run.DeviceBytesPerSecond)
        {
            double faster = io.RawBytesPerSecond / run.DeviceBytesPerSecond;
            return $"reads of {io.MeanReadBytes / 1024:0.#} KiB get {Percent(faster)} of the device's bandwidth: larger ones "
                + $"(`neuralink place --method best`, a deeper queue) can take at most {Percent(1 - faster)} off the reading";
        }
        double share = Math.Min(1, io.RawBytesPerSecond / run.DeviceBytesPerSecond);
        return $"the device is at {Percent(share)} of its bandwidth: only fewer bytes help; twice the cache, "
            + $"which found {Percent(io.CacheHitRate)}, can take at most {Percent(MoreHits(io.CacheHitRate))} off the reads";
    }

    // The hit rate is concave in the size of the cache: twice the size finds at most twice as much.
    private static double MoreHits(double hitRate) => Math.Min(1, hitRate / Math.Max(1e-9, 1 - hitRate));

    private static string Percent(double share) => share.ToString("0%", CultureInfo.InvariantCulture);
}

/// <summary>What a diagnosis is made from.</summary>
/// <param name="Io">The run's metrics.</param>
/// <param name="TotalMillis">Its time, prompt and generation.</param>
/// <param name="Passes">Forward passes that this took.</param>
/// <param name="LayerCount">Layers of the model.</param>
/// <param name="CachedMax">Neurons that the cache holds.</param>
/// <param name="ReadsAhead">Whether the strategy reads ahead.</param>
/// <param name="DeviceBytesPerSecond">The highest bandwidth that the device is known for.</param>
internal sealed record DiagnosedRun(
    IoMetrics Io, double TotalMillis, int Passes, int LayerCount, int CachedMax, bool ReadsAhead, double DeviceBytesPerSecond);
