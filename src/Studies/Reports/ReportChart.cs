namespace Neuralink.Studies.Reports;

/// <summary>A chart. The page draws it; the text has its numbers as a table.</summary>
/// <param name="Title">What it shows.</param>
public abstract record ReportChart(string Title) : ReportPart;

/// <summary>What an axis or a colour stands for.</summary>
/// <param name="Title">In words.</param>
/// <param name="Unit">In what, e.g. "ms"; null where it has none.</param>
/// <param name="IsLogarithmic">Whether equal distances are equal factors.</param>
public sealed record ReportAxis(string Title, string? Unit = null, bool IsLogarithmic = false)
{
    /// <summary>The title with the unit behind it.</summary>
    public string Label => Unit is null ? Title : $"{Title} ({Unit})";
}

/// <summary>A value for each pair of two categories, as colours.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="X">What the columns are.</param>
/// <param name="Columns">Their names.</param>
/// <param name="Y">What the rows are.</param>
/// <param name="Rows">Their names, the first on top.</param>
/// <param name="Value">What the colours are.</param>
/// <param name="Values">By row, then column; null where there is none.</param>
public sealed record HeatMap(
    string Title, ReportAxis X, IReadOnlyList<string> Columns, ReportAxis Y, IReadOnlyList<string> Rows, ReportAxis Value,
    IReadOnlyList<IReadOnlyList<double?>> Values) : ReportChart(Title);

/// <summary>Lines through points, with error bars where a point has a deviation.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="X">The axis to the right.</param>
/// <param name="Y">The axis upwards.</param>
/// <param name="Series">The lines.</param>
public sealed record LineChart(string Title, ReportAxis X, ReportAxis Y, IReadOnlyList<PointSeries> Series) : ReportChart(Title);

/// <summary>Points.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="X">The axis to the right.</param>
/// <param name="Y">The axis upwards.</param>
/// <param name="Series">Points of one colour each.</param>
/// <param name="HasDiagonal">Whether the line on which both are equal is drawn: predicted against measured.</param>
public sealed record ScatterChart(string Title, ReportAxis X, ReportAxis Y, IReadOnlyList<PointSeries> Series, bool HasDiagonal = false)
    : ReportChart(Title);

/// <summary>Points that belong together.</summary>
/// <param name="Name">What the legend says.</param>
/// <param name="Points">The points; of a line in its order.</param>
public sealed record PointSeries(string Name, IReadOnlyList<ReportPoint> Points);

/// <summary>A point.</summary>
/// <param name="X">To the right.</param>
/// <param name="Y">Upwards.</param>
/// <param name="Deviation">Half the length of its error bar; null for none.</param>
/// <param name="Label">What it is, shown when pointed at; null for nothing.</param>
public readonly record struct ReportPoint(double X, double Y, double? Deviation = null, string? Label = null);

/// <summary>Bars over categories.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="X">What the categories are.</param>
/// <param name="Categories">Their names.</param>
/// <param name="Y">How long the bars are.</param>
/// <param name="Series">A value for each category.</param>
/// <param name="IsStacked">Whether the series stand on top of each other, as parts of a whole; else side by side.</param>
public sealed record BarChart(
    string Title, ReportAxis X, IReadOnlyList<string> Categories, ReportAxis Y, IReadOnlyList<BarSeries> Series, bool IsStacked)
    : ReportChart(Title);

/// <summary>One value for each category.</summary>
/// <param name="Name">What the legend says.</param>
/// <param name="Values">By category; null where there is none.</param>
public sealed record BarSeries(string Name, IReadOnlyList<double?> Values);
