using Neuralink.Studies.Cells;
using Neuralink.Studies.Devices;
using Neuralink.Studies.Matrix;
using Neuralink.Studies.Paper;
using Neuralink.Studies.Reports;
using Neuralink.Studies.Workloads;

namespace Neuralink.Studies.Tests.Paper;

/// <summary>The paper's preset compares with what was published, says what is fitted, and does not hide what misses.</summary>
public sealed class PaperStudyTests
{
    private static readonly Study s_study = PaperStudy.Load();

    [Fact]
    public void Every_published_cell_of_table_1_has_a_simulated_one() =>
        s_study.Cells.Should().OnlyHaveUniqueItems().And.Contain(PublishedFigures.Table1.Select(t => PaperCells.Table1(t.Model)));

    [Fact]
    public void What_is_predicted_of_the_small_models_comes_near_what_was_published()
    {
        StudyWorkloads workloads = new(layersMax: 3, trainingTokens: 256);
        CellSimulation cells = new(workloads, _ => DeviceModels.Find("nvme"), TimeProvider.System);
        PublishedToken fitted = PublishedFigures.Table1.Single(t => t.IsFitted);
        CellResult result = cells.Run(PaperCells.Table1(fitted.Model), CancellationToken.None);
        (result.ComputeMillis / fitted.ComputeMillis).Should().BeInRange(0.95, 1.05, "the processor is fitted to it");
        (result.WaitMillis / fitted.ReadMillis).Should().BeInRange(0.8, 1.2, "and the device, by chance runs");
        PublishedToken large = PublishedFigures.Table1.Single(t => t.Model == "opt-6.7b");
        CellResult predicted = cells.Run(PaperCells.Table1(large.Model), CancellationToken.None);
        (predicted.TokenMillis / large.TotalMillis).Should().BeInRange(0.8, 1.25);
    }

    [Fact]
    public void The_error_is_over_what_nothing_is_fitted_to()
    {
        CellOutcome[] exact =
        [
            .. PublishedFigures.Table1.Select((t, i) => Outcome(
                PaperCells.Table1(t.Model), t.ComputeMillis * (t.IsFitted ? 9 : 1.1), t.ReadMillis * (t.IsFitted ? 9 : 1.1))),
        ];
        new PaperResults(exact).MedianError.Should().BeApproximately(0.1, 1e-9);
        new PaperResults([]).MedianError.Should().BeNull();
    }

    [Fact]
    public void A_report_without_results_has_its_tables_and_says_nothing_that_is_not_supported()
    {
        StudyReport report = s_study.Report([.. s_study.Cells.Select(cell => new CellOutcome(cell, Result: null, "no such model", 0))]);
        report.Findings.Should().BeEmpty();
        report.Sections.SelectMany(section => section.Parts).OfType<ReportTable>().Should().NotBeEmpty();
    }

    [Fact]
    public void A_headline_is_the_mean_over_the_models()
    {
        PaperPhone phone = PaperCells.Phones[0];
        CellOutcome[] outcomes =
        [
            .. PaperCells.Models.Select(model => Outcome(PaperCells.Of(model, phone, Baseline.Neuralink), 10, 90)),
            .. PaperCells.Models.Select(model => Outcome(PaperCells.Of(model, phone, Baseline.LlmFlash), 10, 190)),
        ];
        PaperResults results = new(outcomes);
        results.Mean(phone, Baseline.LlmFlash, PaperResults.Time).Should().BeApproximately(2, 1e-9);
        results.Mean(phone, Baseline.Frequency, PaperResults.Time).Should().BeNull("it was not run");
    }

    private static CellOutcome Outcome(StudyCell cell, double compute, double wait) => new(
        cell,
        new CellResult
        {
            TokenMillis = compute + wait,
            TokenMillisDeviation = 0,
            WorstTokenMillis = compute + wait,
            AttentionMillis = compute,
            PredictorMillis = 0,
            LookaheadMillis = 0,
            FfnMillis = 0,
            OverheadMillis = 0,
            WaitMillis = wait,
            DeviceMillis = wait,
            Bytes = 1,
            Reads = 1,
            DemandBytes = 1,
            HitRate = 0,
            EffectiveBytesPerSecond = 1,
            CacheBytes = 0,
            AheadOnTime = 0,
            AheadLate = 0,
            AheadWasted = 0,
            DemandMisses = 1,
        },
        Failure: null, Seconds: 0);
}
