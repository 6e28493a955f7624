using Neuralink.Studies.Cells;
using Neuralink.Studies.Computing;
using Neuralink.Studies.Devices;
using Neuralink.Studies.Matrix;
using Neuralink.Studies.Running;

namespace Neuralink.Studies.Reports;

/// <summary>
/// The report of a study file: what its cells support is said first, then charts by what varies among the cells, then the cells
/// themselves, and where the models' numbers are from.
/// </summary>
internal static class MatrixReport
{
    // A page with more is searched and not read; the table of cells has everything.
    private const int PanelsMax = 12;

    // The metrics that are worth a column; the others are in results.csv.
    private static readonly string[] s_columns =
    [
        "token_millis", "token_millis_deviation", "worst_token_millis", "tokens_per_second", "wait_share", "hit_rate", "device_millis",
        "reads",
    ];

    /// <summary>Makes the report.</summary>
    /// <param name="title">What was studied.</param>
    /// <param name="question">What the report begins with.</param>
    /// <param name="outcomes">What came of each cell.</param>
    public static StudyReport Of(string title, string question, IReadOnlyList<CellOutcome> outcomes)
    {
        MatrixLayout layout = new(outcomes);
        MatrixPanel[] panels = [.. layout.Panels.Where(panel => panel.Results.Any())];
        MatrixPanel[] shown = [.. panels.Take(PanelsMax)];
        string note = panels.Length > shown.Length
            ? $"The first {shown.Length} of {panels.Length} groups of cells are drawn; the table of cells and results.csv have all of them."
            : "";
        ReportPart[] drawn = note.Length > 0 ? [new ReportParagraph(note)] : [];
        List<ReportSection> sections = [];
        Add("Time of a token", [.. drawn, .. shown.Select(panel => MatrixCharts.Times(panel))]);
        Add("Beside serial", [.. shown.SelectMany(MatrixCharts.BesideSerial)]);
        Add("Tokens a second", [.. drawn, .. shown.Select(panel => MatrixCharts.Speeds(panel))]);
        Add("Where a token's time goes", [.. drawn, .. shown.Select(panel => MatrixCharts.Parts(panel, layout))]);
        if (MatrixCharts.HitRates(shown, layout) is { Count: > 0 } hits)
            Add("What the cache holds", [.. drawn, .. hits]);
        if (MatrixCharts.Gains(layout) is { Count: > 0 } gains)
            Add("What reading ahead brings", gains);
        if (Timelines(layout, outcomes) is { Timelines.Count: > 0 } timelines)
            Add("One token", [timelines]);
        Add("Cells", [Cells(layout, outcomes), .. Failed(layout, outcomes)]);
        Add("How it was run", [Constants(layout, outcomes), Sources(outcomes)]);
        return new StudyReport(title, question, MatrixFindings.Of(layout), sections);

        void Add(string heading, IReadOnlyList<ReportPart> parts)
        {
            if (parts.Count > 0)
                sections.Add(new ReportSection(heading, parts));
        }
    }

    private static ReportTimelines Timelines(MatrixLayout layout, IReadOnlyList<CellOutcome> outcomes) => new(
        "What was read and computed during one token",
        [
            .. outcomes.Where(o => o.Result?.Timeline is not null)
                .Select(o => new NamedTimeline(NameOf(layout, o.Cell), o.Result!.Timeline!)),
        ]);

    private static string NameOf(MatrixLayout layout, StudyCell cell) => layout.Varying.Count == 0 ? "the cell" : layout.NameOf(cell);

    private static ReportTable Cells(MatrixLayout layout, IReadOnlyList<CellOutcome> outcomes)
    {
        CellMetric[] metrics = [.. s_columns.Select(name => CellMetric.All.First(metric => metric.Name == name))];
        return new ReportTable(
            "Cells with a result, means of a token",
            [
                .. layout.Varying.Select(key => new ReportColumn(key.Title, IsNumber: false)),
                .. metrics.Select(metric => new ReportColumn(metric.Unit is null ? metric.Title : $"{metric.Title} ({metric.Unit})")),
            ],
            [
                .. outcomes.Where(o => o.Result is not null).Select(o => (IReadOnlyList<string>)
                    [
                        .. layout.Varying.Select(key => key.TextOf(o.Cell)),
                        .. metrics.Select(metric => ReportNumbers.Short(metric.Of(o.Result!))),
                    ]),
            ]);
    }

    private static IEnumerable<ReportPart> Failed(MatrixLayout layout, IReadOnlyList<CellOutcome> outcomes)
    {
        CellOutcome[] failed = [.. outcomes.Where(o => o.Failure is not null)];
        if (failed.Length == 0)
            return [];
        return
        [
            new ReportTable(
                "Cells that failed", [new("cell", IsNumber: false), new("why", IsNumber: false)],
                [.. failed.Select(o => (IReadOnlyList<string>)[NameOf(layout, o.Cell), o.Failure!])]),
        ];
    }

    private static ReportTable Constants(MatrixLayout layout, IReadOnlyList<CellOutcome> outcomes) => new(
        "The same in all cells", [new("key", IsNumber: false), new("value", IsNumber: false)],
        [
            .. StudyKeys.All.Where(key => !layout.Varying.Contains(key) && key.TextOf(outcomes[0].Cell).Length > 0)
                .Select(key => (IReadOnlyList<string>)[key.Name, key.TextOf(outcomes[0].Cell)]),
        ]);

    /// <summary>Where the numbers of the device and computing models are from.</summary>
    private static ReportTable Sources(IReadOnlyList<CellOutcome> outcomes)
    {
        IEnumerable<(string Name, string Title, string Source)> devices = Distinct(c => c.Device)
            .SelectMany(name => DeviceModels.All.Where(d => d.Name == name)).SelectMany(d => d.Sources.Select(s => (d.Name, d.Title, s)));
        IEnumerable<(string Name, string Title, string Source)> computing = Distinct(c => c.Computing)
            .SelectMany(name => ComputeModels.All.Where(m => m.Name == name)).SelectMany(m => m.Sources.Select(s => (m.Name, m.Title, s)));
        return new ReportTable(
            "Where the models' numbers are from",
            [new("model", IsNumber: false), new("what it is", IsNumber: false), new("source", IsNumber: false)],
            [
                .. devices.Concat(computing).Select(s => (IReadOnlyList<string>)[s.Name, s.Title, s.Source]),
                .. Distinct(c => c.Device).Where(name => name == DeviceModels.This)
                    .Select(_ => Row("this", "the disk of the model", "measured by 'neuralink probe'")),
                .. Distinct(c => c.Computing).Where(name => name == ComputeModels.This)
                    .Select(_ => Row("this", "the processor of this machine", "kernels timed when the study ran")),
            ]);

        IEnumerable<string> Distinct(Func<StudyCell, string> of) => outcomes.Select(o => of(o.Cell)).Distinct(StringComparer.Ordinal);

        static IReadOnlyList<string> Row(params string[] row) => row;
    }
}
