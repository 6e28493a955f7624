using Neuralink.Studies.Cells;

namespace Neuralink.Studies.Reports;

/// <summary>The charts of a matrix.</summary>
internal static class MatrixCharts
{
    // What a token's time is made of, in the order in which the bars stand on each other.
    private static readonly (string Name, Func<CellResult, double> Of)[] s_parts =
    [
        ("attention", r => r.AttentionMillis), ("predictor", r => r.PredictorMillis), ("lookahead", r => r.LookaheadMillis),
        ("neurons", r => r.FfnMillis), ("overhead", r => r.OverheadMillis), ("visible wait", r => r.WaitMillis),
    ];

    /// <summary>The time of a token: lines where numbers run along the axis, else bars.</summary>
    public static ReportChart Times(MatrixPanel panel)
    {
        string title = Titled("Time of a token", panel);
        if (panel.XAxis is var x && !panel.HasNumbers)
            return Bars(title, panel, new ReportAxis("time of a token", "ms"), r => r.TokenMillis);
        bool isLogarithmic = MatrixLayout.IsLogarithmic(panel.Results.Select(r => r.Result.TokenMillis));
        return new LineChart(
            title, x, new ReportAxis("time of a token", "ms", isLogarithmic),
            Lines(panel, (_, r) => r.TokenMillis, r => r.TokenMillisDeviation));
    }

    /// <summary>
    /// The time of a token over that of serial, where the ratio of I/O to computing runs along the axis: what the strategies differ in is
    /// small beside what the ratio changes.
    /// </summary>
    public static IEnumerable<ReportPart> BesideSerial(MatrixPanel panel)
    {
        if (!panel.HasRatios)
            return [];
        Dictionary<double, double> serial = panel.Results.Where(r => r.Cell.Strategy == ExecutionStrategy.Serial)
            .ToDictionary(r => r.Cell.ComputeScale, r => r.Result.TokenMillis);
        IReadOnlyList<PointSeries> lines = Lines(panel, (cell, r) => r.TokenMillis / serial[cell.ComputeScale], deviation: null);
        bool isLogarithmic = lines.SelectMany(line => line.Points).Max(point => point.Y) > 3;
        ReportAxis beside = new("time over serial's", Unit: null, isLogarithmic);
        return [new LineChart(Titled("Time beside serial", panel), panel.XAxis, beside, lines)];
    }

    /// <summary>Tokens a second of every line at every place of the axis, as colours.</summary>
    public static HeatMap Speeds(MatrixPanel panel)
    {
        string[] columns =
        [
            .. panel.Results.Where(r => panel.IsPlaced(r.Cell)).OrderBy(r => panel.XOf(r.Cell))
                .Select(r => panel.TickOf(r.Cell)).Distinct(StringComparer.Ordinal),
        ];
        IReadOnlyList<(string Name, IReadOnlyList<(StudyCell Cell, CellResult Result)> Cells)> series = panel.Series();
        return new HeatMap(
            Titled("Tokens a second", panel), new ReportAxis(panel.CategoryTitle), columns, new ReportAxis(panel.SeriesTitle),
            [.. series.Select(s => s.Name)], new ReportAxis("tokens a second"),
            [.. series.Select(s => (IReadOnlyList<double?>)[.. columns.Select(column => SpeedAt(s.Cells, column))])]);

        // What is nowhere on the axis is the same everywhere.
        double? SpeedAt(IReadOnlyList<(StudyCell Cell, CellResult Result)> cells, string column)
        {
            foreach ((StudyCell cell, CellResult result) in cells)
            {
                if (!panel.IsPlaced(cell) || panel.TickOf(cell) == column)
                    return result.TokensPerSecond;
            }
            return null;
        }
    }

    /// <summary>What a token's time is made of, for each line at one place of the axis.</summary>
    public static BarChart Parts(MatrixPanel panel, MatrixLayout layout)
    {
        double?[] places = [.. panel.Results.Select(r => panel.XOf(r.Cell)).Where(x => x is not null).Distinct().Order()];
        double? at = places.Length > 0 ? places[places.Length / 2] : null;
        (StudyCell Cell, CellResult Result)[] cells =
            [.. panel.Results.Where(r => at is null || panel.XOf(r.Cell) is not { } x || x == at)];
        string place = at is null || layout.X is null ? "" : $", at {NameAt(cells)}";
        return new BarChart(
            Titled("Where a token's time goes", panel) + place, new ReportAxis(panel.SeriesTitle),
            [.. cells.Select(r => PartsName(r.Cell))], new ReportAxis("time of a token", "ms"),
            [.. s_parts.Select(part => new BarSeries(part.Name, [.. cells.Select(r => (double?)part.Of(r.Result))]))], IsStacked: true);

        string NameAt((StudyCell Cell, CellResult Result)[] among) =>
            MatrixLayout.NameOf(among.First(r => panel.XOf(r.Cell) is not null).Cell, [layout.X]);

        string PartsName(StudyCell cell)
        {
            string name = MatrixLayout.NameOf(cell, layout.Category is { } category ? [category, .. layout.SeriesKeys] : layout.SeriesKeys);
            return name.Length > 0 ? name : "all";
        }
    }

    /// <summary>Cache hits over the cache's size, in one token's demand; none unless the cache's share runs along the axis.</summary>
    public static IReadOnlyList<ReportPart> HitRates(IEnumerable<MatrixPanel> panels, MatrixLayout layout)
    {
        if (layout.X?.Name != "cache_share")
            return [];
        ReportAxis size = new("cache over one token's demand", IsLogarithmic: true), hits = new("cache hits", "% of the wanted neurons");
        return [.. panels.Select(panel => new LineChart(Titled("Cache hits", panel), size, hits, [.. panel.Series().Select(Line)]))];

        static PointSeries Line((string Name, IReadOnlyList<(StudyCell Cell, CellResult Result)> Cells) series) => new(
            series.Name,
            [
                .. series.Cells.Where(r => r.Result.CacheBytes > 0)
                    .Select(r => new ReportPoint(r.Result.CacheBytes / r.Result.DemandBytes, r.Result.HitRate * 100)),
            ]);
    }

    /// <summary>The time with reading ahead over the time without, of cells that are the same else.</summary>
    public static IReadOnlyList<ReportPart> Gains(MatrixLayout layout)
    {
        if (layout.X?.Name.StartsWith("lookahead", StringComparison.Ordinal) != true)
            return [];
        LookaheadPair[] pairs = LookaheadPair.Of(layout);
        string[] columns =
        [
            .. pairs.OrderBy(p => layout.X.NumberOf(p.Ahead.Cell)).Select(p => MatrixLayout.NameOf(p.Ahead.Cell, [layout.X]))
                .Distinct(StringComparer.Ordinal),
        ];
        return
        [
            .. pairs.GroupBy(p => MatrixLayout.NameOf(p.Ahead.Cell, layout.SeriesKeys), StringComparer.Ordinal).Select(group =>
            {
                string[] rows = [.. group.Select(p => p.Panel.Name).Distinct(StringComparer.Ordinal)];
                return new HeatMap(
                    $"{group.Key}: time without reading ahead over the time with it", new ReportAxis(layout.X.Title), columns,
                    new ReportAxis("cells"), [.. rows.Select(row => row.Length > 0 ? row : "all")], new ReportAxis("gain", "times"),
                    [
                        .. rows.Select(row => (IReadOnlyList<double?>)
                        [
                            .. columns.Select(column => group
                                .Where(p => p.Panel.Name == row && MatrixLayout.NameOf(p.Ahead.Cell, [layout.X]) == column)
                                .Select(p => (double?)p.Gain).FirstOrDefault()),
                        ]),
                    ]);
            }),
        ];
    }

    private static string Titled(string what, MatrixPanel panel) => panel.Name.Length > 0 ? $"{what}: {panel.Name}" : what;

    private static IReadOnlyList<PointSeries> Lines(
        MatrixPanel panel, Func<StudyCell, CellResult, double> of, Func<CellResult, double>? deviation)
    {
        double[] places = [.. panel.Results.Select(r => panel.XOf(r.Cell)).OfType<double>().Distinct().Order()];
        return [.. panel.Series().Select(s => new PointSeries(s.Name, [.. s.Cells.SelectMany(r => Points(r.Cell, r.Result))]))];

        // What is nowhere on the axis is the same everywhere.
        IEnumerable<ReportPoint> Points(StudyCell cell, CellResult result) =>
            (panel.XOf(cell) is { } x ? [x] : places.Length > 1 ? [places[0], places[^1]] : places)
                .Select(at => new ReportPoint(at, of(cell, result), deviation?.Invoke(result)));
    }

    private static BarChart Bars(string title, MatrixPanel panel, ReportAxis y, Func<CellResult, double> of)
    {
        string[] categories = [.. panel.Results.Select(r => panel.CategoryOf(r.Cell)).Distinct(StringComparer.Ordinal)];
        return new BarChart(
            title, panel.XAxis, categories, y,
            [
                .. panel.Series().Select(s => new BarSeries(s.Name, [.. categories.Select(c => ValueAt(s.Cells, c))])),
            ],
            IsStacked: false);

        double? ValueAt(IEnumerable<(StudyCell Cell, CellResult Result)> cells, string category) =>
            cells.Where(r => panel.CategoryOf(r.Cell) == category).Select(r => (double?)of(r.Result)).FirstOrDefault();
    }
}
