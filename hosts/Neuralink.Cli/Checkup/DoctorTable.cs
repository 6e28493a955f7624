using Spectre.Console;

namespace Neuralink.Cli.Checkup;

/// <summary>A report for people: a line a finding, and under it what to do where it is not good.</summary>
internal static class DoctorTable
{
    public static void Write(DoctorReport report, IAnsiConsole console)
    {
        Grid grid = new();
        grid.AddColumn(new GridColumn { NoWrap = true }).AddColumn(new GridColumn { NoWrap = true }).AddColumn();
        foreach (Finding finding in report.Findings)
        {
            grid.AddRow(
                new Text(finding.Name.Replace('_', ' '), new Style(decoration: Decoration.Bold)),
                new Text(WordOf(finding.State), new Style(ColourOf(finding.State))),
                new Text(finding.Value));
            if (finding.Advice is { } advice)
                grid.AddRow(new Text(""), new Text(""), new Text($"-> {advice}"));
        }
        console.WriteLine($"{report.Machine}, {report.Model ?? "no model"}, read from {report.Place}");
        console.Write(grid);
        console.WriteLine(SummaryOf(report));
    }

    private static string SummaryOf(DoctorReport report)
    {
        int notes = report.Findings.Count(f => f.State == FindingState.Note);
        int problems = report.Findings.Count(f => f.State == FindingState.Problem);
        return report.State switch
        {
            FindingState.Good => "Nothing holds a run up.",
            FindingState.Note => $"A run is possible; {Count(notes, "note")}.",
            _ => $"A run is not possible: {Count(problems, "problem")}, {Count(notes, "note")}.",
        };
    }

    private static string Count(int count, string what) => count == 1 ? $"1 {what}" : $"{count} {what}s";

    private static string WordOf(FindingState state) => state.ToString().ToLowerInvariant();

    private static Color ColourOf(FindingState state) => state switch
    {
        FindingState.Good => Color.Green,
        FindingState.Note => Color.Yellow,
        _ => Color.Red,
    };
}
