using Neuralink.Storage;

namespace Neuralink.Peers;

/// <summary>The engines side by side, in Markdown: medians of the runs, and the extremes of the time of a token.</summary>
internal static class ComparisonTable
{
    private static readonly string[] s_columns =
    [
        "engine", "ms/token", "least to most", "worst token", "first token", "load ms", "read from the device", "major faults",
        "peak memory", "limit", "page cache", "same tokens",
    ];

    public static void Write(IReadOnlyCollection<PeerRun> runs, IEnumerable<string> peers, TextWriter output)
    {
        output.WriteLine($"| {string.Join(" | ", s_columns)} |");
        output.WriteLine($"|{string.Concat(s_columns.Select((_, i) => i is 0 or 10 or 11 ? "---|" : "---:|"))}");
        foreach (string peer in peers)
        {
            PeerRun[] its = [.. runs.Where(run => run.Peer == peer)];
            if (its.Length > 0)
                output.WriteLine($"| {string.Join(" | ", Row(peer, its))} |");
        }
    }

    private static IEnumerable<string> Row(string peer, PeerRun[] runs) =>
    [
        peer,
        Number(runs, r => r.MillisPerToken),
        $"{runs.Min(r => r.MillisPerToken):0.0} to {runs.Max(r => r.MillisPerToken):0.0}",
        Number(runs, r => r.WorstMillis),
        Number(runs, r => r.FirstTokenMillis),
        Number(runs, r => r.LoadMillis),
        Median(runs, r => r.ReadBytes) is { } read ? ByteSize.Format(read) : "",
        $"{Median(runs, r => r.MajorFaults):0}",
        Median(runs, r => r.PeakBytes) is { } peak ? ByteSize.Format(peak) : "",
        runs[0].LimitBytes is { } limit ? ByteSize.Format(limit) : "none",
        runs[0].PageCache,
        runs.All(r => r.SameTokens is null) ? "" : runs.All(r => r.SameTokens == true) ? "yes" : "no",
    ];

    private static string Number(PeerRun[] runs, Func<PeerRun, double?> metric) =>
        Median(runs, metric) is { } median ? $"{median:0.0}" : "";

    private static double? Median(PeerRun[] runs, Func<PeerRun, double?> metric)
    {
        double[] known = [.. runs.Select(metric).OfType<double>().Order()];
        return known.Length == 0 ? null : (known[(known.Length - 1) / 2] + known[known.Length / 2]) / 2;
    }
}
