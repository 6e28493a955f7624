namespace Neuralink.Studies.Reports;

/// <summary>The numbers of a chart as a table, for where nothing is drawn, and for readers who do not see.</summary>
internal static class ChartTable
{
    /// <summary>The table.</summary>
    public static ReportTable Of(ReportChart chart) => chart switch
    {
        HeatMap map => OfHeatMap(map),
        LineChart lines => OfPoints(lines.Title, lines.X, lines.Y, lines.Series),
        ScatterChart scatter => OfPoints(scatter.Title, scatter.X, scatter.Y, scatter.Series),
        BarChart bars => OfBars(bars),
        _ => throw new ArgumentOutOfRangeException(nameof(chart), chart, "a chart without a table"),
    };

    private static ReportTable OfHeatMap(HeatMap map) => new(
        $"{map.Title}: {map.Value.Label}, by {map.Y.Label} and {map.X.Label}",
        [new(map.Y.Label, IsNumber: false), .. map.Columns.Select(column => new ReportColumn(column))],
        [.. map.Rows.Zip(map.Values, (row, values) => (IReadOnlyList<string>)[row, .. values.Select(ReportNumbers.Short)])]);

    /// <summary>A row for each x where the series share them, as those of a matrix do; else a row for each point.</summary>
    private static ReportTable OfPoints(string title, ReportAxis x, ReportAxis y, IReadOnlyList<PointSeries> series)
    {
        double[] all = [.. series.SelectMany(s => s.Points).Select(p => p.X).Distinct().Order()];
        bool isShared = series.All(s => s.Points.All(p => p.Label is null) && s.Points.DistinctBy(p => p.X).Count() == s.Points.Count)
            && all.Length <= 2 * series.Max(s => s.Points.Count);
        if (!isShared)
        {
            return new ReportTable(
                title, [new("", IsNumber: false), new("", IsNumber: false), new(x.Label), new(y.Label)],
                [
                    .. series.SelectMany(s => s.Points.Select(p =>
                        (IReadOnlyList<string>)[s.Name, p.Label ?? "", ReportNumbers.Short(p.X), Value(p)])),
                ]);
        }
        return new ReportTable(
            $"{title}: {y.Label}",
            [new(x.Label), .. series.Select(s => new ReportColumn(s.Name))],
            [.. all.Select(at => (IReadOnlyList<string>)[ReportNumbers.Short(at), .. series.Select(s => ValueAt(s, at))])]);
    }

    private static string ValueAt(PointSeries series, double x)
    {
        foreach (ReportPoint point in series.Points)
        {
            if (point.X == x)
                return Value(point);
        }
        return "";
    }

    private static string Value(ReportPoint point) =>
        ReportNumbers.Short(point.Y) + (point.Deviation is { } deviation ? $" ± {ReportNumbers.Short(deviation)}" : "");

    private static ReportTable OfBars(BarChart bars) => new(
        $"{bars.Title}: {bars.Y.Label}",
        [new(bars.X.Label, IsNumber: false), .. bars.Series.Select(s => new ReportColumn(s.Name))],
        [
            .. bars.Categories.Select((category, i) =>
                (IReadOnlyList<string>)[category, .. bars.Series.Select(s => ReportNumbers.Short(s.Values[i]))]),
        ]);
}
