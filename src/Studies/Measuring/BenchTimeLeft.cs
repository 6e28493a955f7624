namespace Neuralink.Studies.Measuring;

/// <summary>Tells how far a bench has come, by time: what is left is judged by what has been measured.</summary>
/// <param name="time">The clock.</param>
/// <param name="progress">Told the share of the time that is over, 0 to 1.</param>
internal sealed class BenchTimeLeft(TimeProvider time, IProgress<double> progress)
{
    private readonly long _start = time.GetTimestamp();

    /// <summary>A run is over.</summary>
    /// <param name="cells">Those that are run.</param>
    /// <param name="runsDone">Counted runs so far.</param>
    /// <param name="runsTotal">Counted runs in all.</param>
    public void Report(IReadOnlyCollection<BenchCell> cells, int runsDone, int runsTotal)
    {
        double doneMillis = time.GetElapsedTime(_start).TotalMilliseconds;
        double perWeight = cells.Sum(c => c.Millis ?? 0) / cells.Where(c => c.Millis is not null).Sum(c => c.Weight);
        double MillisOf(BenchCell cell) => cell.Millis ?? (perWeight * cell.Weight);
        double leftMillis = cells.Average(MillisOf) * (runsTotal - runsDone);
        leftMillis += cells.Where(c => c.Millis is null).Sum(MillisOf) * BenchSetup.WarmUps;
        progress.Report(doneMillis / (doneMillis + leftMillis));
    }
}
