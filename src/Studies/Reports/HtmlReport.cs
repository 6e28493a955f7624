using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Neuralink.Studies.Running;

namespace Neuralink.Studies.Reports;

/// <summary>
/// report.html: a report as one file with everything in it, plotly.js too, that opens without a network. Its numbers are in tables beside
/// the charts for whoever does not see these.
/// </summary>
internal static class HtmlReport
{
    // A shorter name in a table stays on one line, although it has hyphens.
    private const int WrapChars = 32;

    /// <summary>The page.</summary>
    public static string Write(StudyReport report)
    {
        StringBuilder body = new();
        JsonArray charts = [], timelines = [];
        body.Append($"<h1>{Encoded(report.Title)}</h1>\n<p>{Encoded(report.Introduction)}</p>\n");
        if (report.Findings.Count > 0)
        {
            body.Append("<section id=\"findings\"><h2>Findings</h2>\n<ul>\n");
            foreach (string finding in report.Findings)
                body.Append($"<li>{Encoded(finding)}</li>\n");
            body.Append("</ul></section>\n");
        }
        foreach (ReportSection section in report.Sections)
        {
            body.Append($"<section><h2>{Encoded(section.Title)}</h2>\n");
            foreach (ReportPart part in section.Parts)
                Append(body, part, charts, timelines);
            body.Append("</section>\n");
        }
        return Page(report.Title, body, new JsonObject { ["charts"] = charts, ["timelines"] = timelines });
    }

    private static string Page(string title, StringBuilder body, JsonObject data) =>
        $"""
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>{Encoded(title)}</title>
        <link rel="icon" href="data:,">
        <style>
        {PageFiles.Text("report.css")}</style>
        </head>
        <body>
        <main>
        {body}</main>
        <script type="application/json" id="data">{data.ToJsonString()}</script>
        <script>{PageFiles.Plotly}</script>
        <script>
        {PageFiles.Text("report.js")}</script>
        </body>
        </html>

        """;

    private static void Append(StringBuilder body, ReportPart part, JsonArray charts, JsonArray timelines)
    {
        switch (part)
        {
            case ReportParagraph paragraph:
                body.Append($"<p>{Encoded(paragraph.Text)}</p>\n");
                break;
            case ReportTable table:
                body.Append($"<h3>{Encoded(table.Title)}</h3>\n");
                AppendTable(body, table);
                break;
            case ReportChart chart:
                body.Append($"<figure><figcaption>{Encoded(chart.Title)}</figcaption>")
                    .Append($"<div class=\"chart\" data-chart=\"{charts.Count}\"></div>\n");
                body.Append("<details><summary>Numbers</summary>\n");
                AppendTable(body, ChartTable.Of(chart));
                body.Append("</details></figure>\n");
                charts.Add(ChartFigure.Of(chart));
                break;
            case ReportTimelines shown:
                AppendTimelines(body, shown, timelines);
                break;
        }
    }

    private static void AppendTable(StringBuilder body, ReportTable table)
    {
        body.Append("<div class=\"scroll\"><table>\n<thead><tr>");
        foreach (ReportColumn column in table.Columns)
            body.Append($"<th{ClassOf(column, "")}>{Encoded(column.Title)}</th>");
        body.Append("</tr></thead>\n<tbody>\n");
        foreach (IReadOnlyList<string> row in table.Rows)
        {
            body.Append("<tr>");
            foreach ((ReportColumn column, string cell) in table.Columns.Zip(row))
                body.Append($"<td{ClassOf(column, cell)}>{Encoded(cell)}</td>");
            body.Append("</tr>\n");
        }
        body.Append("</tbody></table></div>\n");

        static string ClassOf(ReportColumn column, string cell) =>
            column.IsNumber ? " class=\"number\"" : cell.Length <= WrapChars ? " class=\"short\"" : "";
    }

    private static void AppendTimelines(StringBuilder body, ReportTimelines shown, JsonArray timelines)
    {
        int at = timelines.Count;
        body.Append($"<figure><figcaption>{Encoded(shown.Title)}</figcaption>\n<p class=\"tools\"><label>Cell <select id=\"cell-{at}\">");
        foreach ((int index, NamedTimeline timeline) in shown.Timelines.Index())
            body.Append($"<option value=\"{index}\">{Encoded(timeline.Name)}</option>");
        body.Append("</select></label> <button type=\"button\" data-zoom=\"0.5\">Zoom in</button> ")
            .Append("<button type=\"button\" data-zoom=\"2\">Zoom out</button> ")
            .Append("<button type=\"button\" data-zoom=\"all\">All of it</button></p>\n")
            .Append($"<div class=\"timeline\" data-timeline=\"{at}\"></div>\n")
            .Append("<p class=\"hint\">Drag over a stretch to see it closer, or turn the wheel over it.</p></figure>\n");
        timelines.Add(new JsonArray(
            [.. shown.Timelines.Select(t => JsonSerializer.SerializeToNode(t.Timeline, ResultJson.Default.CellTimeline))]));
    }

    private static string Encoded(string text) => WebUtility.HtmlEncode(text);
}

/// <summary>What the page is made of: resources of this assembly and of Plotly.NET's.</summary>
internal static class PageFiles
{
    /// <summary>plotly.js, as Plotly.NET carries it, so that no closing tag of it ends the page's script.</summary>
    public static string Plotly { get; } = PlotlyText();

    /// <summary>A file of the page.</summary>
    public static string Text(string name) => Read(typeof(PageFiles).Assembly, $"report/{name}");

    private static string PlotlyText()
    {
        System.Reflection.Assembly assembly = typeof(Plotly.NET.Chart).Assembly;
        string name = assembly.GetManifestResourceNames().Single(n => n.EndsWith(".min.js", StringComparison.Ordinal));
        return Read(assembly, name).Replace("</script", "<\\/script", StringComparison.OrdinalIgnoreCase);
    }

    private static string Read(System.Reflection.Assembly assembly, string name)
    {
        using StreamReader reader = new(assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
