using Neuralink.Studies.Cells;
using Neuralink.Studies.Matrix;

namespace Neuralink.Studies.Reports;

/// <summary>
/// The cache cliff: a cache that forgets by age holds nothing that is wanted again until it holds all that one token wants, over all
/// layers.
/// </summary>
internal static class CacheFindings
{
    // Of the wanted neurons: as good as nothing, and much.
    private const double NothingMax = 0.01, MuchMin = 0.1;

    // In one token's demand: a cliff elsewhere is another one.
    private const double NearMin = 0.4, NearMax = 2;

    public static IEnumerable<string> Of(MatrixLayout layout) =>
        layout.X?.Name == "cache_share" ? layout.Panels.SelectMany(panel => OfPanel(panel, layout.X)) : [];

    private static IEnumerable<string> OfPanel(MatrixPanel panel, StudyKey share)
    {
        foreach ((string series, IReadOnlyList<(StudyCell Cell, CellResult Result)> cells) in panel.Series())
        {
            (StudyCell Cell, CellResult Result)[] cached = [.. cells.Where(r => r.Result.CacheBytes > 0).OrderBy(r => Demands(r.Result))];
            (StudyCell Cell, CellResult Result)[] nothing = [.. cached.TakeWhile(r => r.Result.HitRate <= NothingMax)];
            if (nothing.Length == 0 || cached.FirstOrDefault(r => r.Result.HitRate >= MuchMin) is not { Cell: not null } much)
                continue;
            (StudyCell last, CellResult before) = nothing[^1];
            if (Demands(before) < NearMin || Demands(much.Result) > NearMax)
                continue;
            string demand = Storage.ByteSize.Format((long)before.DemandBytes);
            yield return $"{MatrixFindings.Prefix(panel)}{series} falls off a cliff around one token's demand ({demand}): a cache of "
                + $"{ReportNumbers.Short(Demands(before))} times that ({share.TextOf(last)} of the neurons) hits "
                + $"{ReportNumbers.Percent(before.HitRate)}, one of {ReportNumbers.Short(Demands(much.Result))} times "
                + $"({share.TextOf(much.Cell)}) {ReportNumbers.Percent(much.Result.HitRate)}{Others(panel, series, before)}.";
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
        return others.Length > 0 && others.MaxBy(o => o.HitRate) is { } best && best.HitRate > before.HitRate + MuchMin
            ? $"; {best.Name} hits {ReportNumbers.Percent(best.HitRate)} with the smaller one"
            : "";
    }

    private static double Demands(CellResult result) => result.CacheBytes / result.DemandBytes;
}
