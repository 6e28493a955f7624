using Neuralink.Studies.Boards;
using Neuralink.Studies.Cells;
using Neuralink.Studies.Devices;
using Neuralink.Studies.Matrix;
using Neuralink.Studies.Reports;
using Neuralink.Studies.Workloads;

namespace Neuralink.Studies.Tests.Boards;

/// <summary>Boards share out reads and computing of neurons, and pay for it with an exchange a layer.</summary>
public sealed class BoardsStudyTests
{
    private static readonly CellSimulation s_cells = new(
        new StudyWorkloads(layersMax: 2, trainingTokens: 256), _ => DeviceModels.Find("nvme"), TimeProvider.System);

    [Fact]
    public void An_exchange_takes_a_round_trip_and_the_bytes_of_all_others()
    {
        NetworkModel network = new("a wire", LatencyMicros: 100, BytesPerMicro: 10, "a test");
        network.ExchangeMicros(others: 0, 4000, 8000).Should().Be(0);
        network.ExchangeMicros(others: 3, 4000, 8000).Should().Be(200 + (3 * 1200));
    }

    [Fact]
    public void A_board_of_four_wants_a_quarter_of_the_neurons()
    {
        CellResult alone = s_cells.Run(BoardsStudy.CellOf("opt-1.3b", "microsd", 1) with { Tokens = 16 }, CancellationToken.None);
        CellResult fourth = s_cells.Run(BoardsStudy.CellOf("opt-1.3b", "microsd", 4) with { Tokens = 16 }, CancellationToken.None);
        (fourth.DemandBytes / alone.DemandBytes).Should().BeInRange(0.2, 0.32);
        fourth.AttentionMillis.Should().BeApproximately(alone.AttentionMillis, 1e-6);
        fourth.TokenMillis.Should().BeLessThan(alone.TokenMillis);
    }

    [Fact]
    public void The_report_says_for_each_setting_whether_it_is_worth_building()
    {
        Study study = BoardsStudy.Load();
        CellResult any = s_cells.Run(BoardsStudy.CellOf("opt-1.3b", "nvme", 1) with { Tokens = 8 }, CancellationToken.None);
        StudyReport report = study.Report(
            [.. study.Cells.Select(cell => new CellOutcome(cell, any with { TokenMillis = 1000.0 / cell.Boards }, Failure: null, 0))]);
        report.Findings.Should().HaveCount(4).And.OnlyContain(finding => finding.Contains("is worth building"));
        StudyReport slower = study.Report(
            [.. study.Cells.Select(cell => new CellOutcome(cell, any with { TokenMillis = 1000 }, Failure: null, 0))]);
        slower.Findings.Should().OnlyContain(finding => finding.Contains("is not worth building"));
    }

    [Fact]
    public void A_setting_that_failed_is_left_out() =>
        BoardsStudy.Load().Report([]).Findings.Should().BeEmpty();
}
