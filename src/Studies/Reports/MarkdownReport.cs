using System.Text;

namespace Neuralink.Studies.Reports;

/// <summary>report.md: a report as Markdown, its charts as tables of their numbers.</summary>
internal static class MarkdownReport
{
    /// <summary>The text.</summary>
    public static string Write(StudyReport report)
    {
        StringBuilder text = new();
        text.Append($"# {Escaped(report.Title)}\n\n{Escaped(report.Introduction)}\n");
        if (report.Findings.Count > 0)
            text.Append("\n## Findings\n\n").AppendJoin('\n', report.Findings.Select(finding => $"- {Escaped(finding)}")).Append('\n');
        foreach (ReportSection section in report.Sections)
        {
            text.Append($"\n## {Escaped(section.Title)}\n");
            foreach (ReportPart part in section.Parts)
                Append(text, part);
        }
        return text.ToString();
    }

    private static void Append(StringBuilder text, ReportPart part)
    {
        switch (part)
        {
            case ReportParagraph paragraph:
                text.Append($"\n{Escaped(paragraph.Text)}\n");
                break;
            case ReportTable table:
                AppendTable(text, table);
                break;
            case ReportChart chart:
                AppendTable(text, ChartTable.Of(chart));
                break;
            case ReportTimelines timelines:
                text.Append($"\n{Escaped(timelines.Title)}: report.html shows those of {timelines.Timelines.Count} cells.\n");
                break;
        }
    }

    private static void AppendTable(StringBuilder text, ReportTable table)
    {
        text.Append($"\n**{Escaped(table.Title)}**\n\n");
        AppendRow(text, table.Columns.Select(column => column.Title));
        text.Append('|').AppendJoin('|', table.Columns.Select(column => column.IsNumber ? "---:" : "---")).Append("|\n");
        foreach (IReadOnlyList<string> row in table.Rows)
            AppendRow(text, row);
    }

    private static void AppendRow(StringBuilder text, IEnumerable<string> cells) =>
        text.Append("| ").AppendJoin(" | ", cells.Select(Escaped)).Append(" |\n");

    // What Markdown would take for its own.
    private static string Escaped(string plain)
    {
        StringBuilder text = new();
        foreach (char c in plain.ReplaceLineEndings(" "))
        {
            if (c is '\\' or '`' or '*' or '|' or '<' or '[' or ']')
                text.Append('\\');
            text.Append(c);
        }
        return text.ToString();
    }
}
