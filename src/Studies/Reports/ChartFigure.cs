using System.Text.Json.Nodes;

namespace Neuralink.Studies.Reports;

/// <summary>
/// Charts as figures of plotly.js: traces, and what the axes say. Colours and sizes are the page's (Page/report.js), because they follow
/// the reader's: the template and the fixed size that Plotly.NET puts into each figure would be thrown away there.
/// </summary>
internal static class ChartFigure
{
    /// <summary>The figure.</summary>
    public static JsonObject Of(ReportChart chart) => chart switch
    {
        HeatMap map => OfHeatMap(map),
        LineChart lines => OfPoints(lines.X, lines.Y, lines.Series, "lines+markers", hasDiagonal: false),
        ScatterChart scatter => OfPoints(scatter.X, scatter.Y, scatter.Series, "markers", scatter.HasDiagonal),
        BarChart bars => OfBars(bars),
        _ => throw new ArgumentOutOfRangeException(nameof(chart), chart, "a chart that nobody draws"),
    };

    private static JsonObject OfHeatMap(HeatMap map) => new()
    {
        ["kind"] = "heatmap",
        ["x"] = AxisOf(map.X with { IsLogarithmic = false }),
        ["y"] = AxisOf(map.Y with { IsLogarithmic = false }),
        ["rows"] = map.Rows.Count,
        ["traces"] = new JsonArray(new JsonObject
        {
            ["type"] = "heatmap",
            ["name"] = map.Value.Label,
            ["x"] = Texts(map.Columns),
            ["y"] = Texts(map.Rows),
            ["z"] = new JsonArray([.. map.Values.Select(row => (JsonNode)Numbers(row))]),
            ["text"] = new JsonArray([.. map.Values.Select(row => (JsonNode)Texts(row.Select(ReportNumbers.Short)))]),
        }),
    };

    private static JsonObject OfPoints(
        ReportAxis x, ReportAxis y, IReadOnlyList<PointSeries> series, string mode, bool hasDiagonal)
    {
        JsonObject figure = new() { ["kind"] = "points", ["x"] = AxisOf(x), ["y"] = AxisOf(y) };
        figure["traces"] = new JsonArray([.. series.Select(s => (JsonNode)TraceOf(s, mode))]);
        IEnumerable<double> all = series.SelectMany(s => s.Points).SelectMany(p => (double[])[p.X, p.Y]);
        if (hasDiagonal && all.Any())
            figure["diagonal"] = Numbers([all.Min(), all.Max()]);
        return figure;
    }

    private static JsonObject TraceOf(PointSeries series, string mode)
    {
        JsonObject trace = new()
        {
            ["type"] = "scatter",
            ["mode"] = mode,
            ["name"] = series.Name,
            ["x"] = Numbers(series.Points.Select(p => (double?)p.X)),
            ["y"] = Numbers(series.Points.Select(p => (double?)p.Y)),
        };
        if (series.Points.Any(p => p.Deviation is not null))
        {
            JsonArray deviations = Numbers(series.Points.Select(p => (double?)(p.Deviation ?? 0)));
            trace["error_y"] = new JsonObject { ["type"] = "data", ["array"] = deviations, ["thickness"] = 1, ["width"] = 3 };
        }
        if (series.Points.Any(p => p.Label is not null))
            trace["text"] = Texts(series.Points.Select(p => p.Label ?? ""));
        return trace;
    }

    private static JsonObject OfBars(BarChart bars) => new()
    {
        ["kind"] = bars.IsStacked ? "stack" : "bars",
        ["x"] = AxisOf(bars.X with { IsLogarithmic = false }),
        ["y"] = AxisOf(bars.Y),
        ["rows"] = bars.Categories.Count,
        ["traces"] = new JsonArray([.. bars.Series.Select(s => (JsonNode)new JsonObject
        {
            ["type"] = "bar",
            ["name"] = s.Name,
            ["x"] = Texts(bars.Categories),
            ["y"] = Numbers(s.Values),
        })]),
    };

    private static JsonObject AxisOf(ReportAxis axis) => new() { ["title"] = axis.Label, ["log"] = axis.IsLogarithmic };

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode)text)]);

    // Seven digits are more than a screen shows, and half as long.
    private static JsonArray Numbers(IEnumerable<double?> numbers) =>
        new([.. numbers.Select(n => n is { } number ? (JsonNode)(double)(float)number : null)]);
}
