using Neuralink.Studies.Reports;

namespace Neuralink.Studies.Paper;

/// <summary>The report of the preset `paper`: published and simulated side by side, with the error; then what overlapping adds.</summary>
internal static class PaperReport
{
    private static readonly ReportAxis s_published = new("published", "ms a token", IsLogarithmic: true);
    private static readonly ReportAxis s_simulated = new("simulated", "ms a token", IsLogarithmic: true);

    public static StudyReport Of(string title, string question, PaperResults results) => new(
        title, question, [.. PaperFindings.Of(results)],
        [
            new ReportSection("Table 1: time of a token on an Ace 2", [.. Table1(results)]),
            new ReportSection("Table 2: reads of OPT-350M on a OnePlus 12", [PaperTables.Table2(), new ReportParagraph(PaperTexts.Table2)]),
            new ReportSection("Headline ratios", [.. Headlines(results)]),
            new ReportSection("Ablation", [PaperTables.Ablation(results), new ReportParagraph(PaperTexts.Ablation)]),
            new ReportSection("What this engine adds on the same phones", [.. Additions(results)]),
            new ReportSection(
                "What the paper leaves out", [.. PaperTexts.LeftOut.Select(text => new ReportParagraph(text)), .. Failed(results)]),
            new ReportSection("Where the models' numbers are from", [PaperTables.Sources()]),
        ]);

    private static IEnumerable<ReportPart> Table1(PaperResults results)
    {
        yield return PaperTables.Table1(results);
        yield return new ScatterChart(
            "Predicted against published", s_published, s_simulated,
            [
                Points("computing", t => t.Published.ComputeMillis, t => t.ComputeMillis),
                Points("reading", t => t.Published.ReadMillis, t => t.ReadMillis),
                Points("both", t => t.Published.TotalMillis, t => t.TotalMillis),
            ],
            HasDiagonal: true);

        PointSeries Points(string name, Func<PaperToken, double> published, Func<PaperToken, double> simulated) => new(
            name, [.. results.Table1.Select(t => new ReportPoint(published(t), simulated(t), Label: t.Published.Model))]);
    }

    private static IEnumerable<ReportPart> Headlines(PaperResults results)
    {
        yield return PaperTables.Ratios(results, "Time a token, as a multiple of Neuralink's", r => r.EndToEnd, PaperResults.Time);
        yield return PaperTables.Ratios(
            results, "Effective bandwidth, of which Neuralink has a multiple", r => r.Bandwidth, PaperResults.Bandwidth);
        yield return new ReportParagraph(PaperTexts.Headlines);
        yield return PaperTables.RatiosByModel(results);
    }

    private static IEnumerable<ReportPart> Additions(PaperResults results)
    {
        Baseline[] ways = [Baseline.LlmFlash, Baseline.Neuralink, Baseline.BestOrder, Baseline.Cluster, Baseline.PrefetchCluster];
        foreach (PaperPhone phone in PaperCells.Phones)
        {
            yield return PaperTables.Additions(results, phone, ways);
            yield return new BarChart(
                $"Time of a token as a share of LLM in a flash: {phone.Title}", new ReportAxis("model"), PaperCells.Models,
                new ReportAxis("of LLM in a flash's time"),
                [
                    .. ways.Skip(1).Select(way => new BarSeries(PaperTexts.NameOf(way), [
                        .. PaperCells.Models.Select(model => 1 / results.Ratio(model, phone, Baseline.LlmFlash, PaperResults.Time, way))])),
                ],
                IsStacked: false);
        }
    }

    private static IEnumerable<ReportPart> Failed(PaperResults results) =>
        results.Failed.Select(outcome => new ReportParagraph($"A cell of {outcome.Cell.Model} could not be run: {outcome.Failure}"));
}
