using Neuralink.Studies.Cells;

namespace Neuralink.Studies.Reports;

/// <summary>
/// The cache cliff: a cache that forgets by age holds nothing that is wanted again until it holds all that one token wants, over all
/// layers.
/// </summary>
internal static class CacheFindings
{
    // Below the demand as good as nothing; above it much at once. Both of the wanted neurons.
    private const double NothingMax = 0.05, JumpMin = 0.1;

    public static IEnumerable<string> Of(MatrixLayout layout) =>
        layout.X?.Name == "cache_share" ? layout.Panels.SelectMany(panel => OfPanel(panel, layout)) : [];

    private static IEnumerable<string> OfPanel(MatrixPanel panel, MatrixLayout layout)
    {
        foreach ((string series, IReadOnlyList<(StudyCell Cell, CellResult Result)> cells) in panel.Series())
        {
            (StudyCell Cell, CellResult Result)[] below = [.. cells.Where(r => r.Result.CacheBytes > 0 && Demands(r.Result) < 1)];
            (StudyCell Cell, CellResult Result)[] above = [.. cells.Where(r => Demands(r.Result) >= 1)];
            if (below.Length == 0 || above.Length == 0)
                continue;
            (StudyCell last, CellResult before) = below.MaxBy(r => Demands(r.Result));
            (StudyCell first, CellResult after) = above.MinBy(r => Demands(r.Result));
            if (below.Max(r => r.Result.HitRate) > NothingMax || after.HitRate - before.HitRate < JumpMin)
                continue;
            yield return $"{MatrixFindings.Prefix(panel)}{series} falls off a cliff at one token's demand ({Size(before.DemandBytes)}): a "
                + $"cache of {ReportNumbers.Short(Demands(before))} times that ({layout.X!.TextOf(last)} of the neurons) hits "
                + $"{ReportNumbers.Percent(before.HitRate)}, one of {ReportNumbers.Short(Demands(after))} times ({layout.X.TextOf(first)}) "
                + $"{ReportNumbers.Percent(after.HitRate)}{Others(panel, series, before)}.";
        }
    }

    // What rules the same cache better there.
    private static string Others(MatrixPanel panel, string series, CellResult before)
    {
        (string Name, double HitRate)[] others =
        [
            .. panel.Series().Where(s => s.Name != series)
                .SelectMany(s => s.Cells.Where(r => r.Result.CacheBytes == before.CacheBytes).Select(r => (s.Name, r.Result.HitRate))),
        ];
        return others.Length > 0 && others.MaxBy(o => o.HitRate) is { } best && best.HitRate > before.HitRate + JumpMin
            ? $"; {best.Name} hits {ReportNumbers.Percent(best.HitRate)} with the smaller one"
            : "";
    }

    private static double Demands(CellResult result) => result.CacheBytes / result.DemandBytes;

    private static string Size(double bytes) => Storage.ByteSize.Format((long)bytes);
}
