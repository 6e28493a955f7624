using Neuralink.Placement.Caching;
using Neuralink.Placement.Ordering;
using Neuralink.Studies.Cells;
using Neuralink.Studies.Matrix;
using Neuralink.Studies.Reports;
using Neuralink.Studies.Tests.Running;

namespace Neuralink.Studies.Tests.Reports;

/// <summary>What is said of results, and what is not.</summary>
public sealed class MatrixFindingsTests
{
    private static readonly StudyCell s_cell = new() { Model = "opt-1.3b", Device = "nvme" };

    [Fact]
    public void The_fastest_strategy_is_said_with_its_lead()
    {
        IReadOnlyList<string> findings = FindingsOf(
            [.. Shares(ExecutionStrategy.Serial, _ => 100), .. Shares(ExecutionStrategy.Cluster, _ => 80)]);

        findings.Should().ContainSingle().Which.Should().Be("cluster is fastest everywhere, by 20% over the next.");
    }

    [Fact]
    public void A_lead_within_a_hundredth_is_none()
    {
        IReadOnlyList<string> findings = FindingsOf(
            [.. Shares(ExecutionStrategy.Serial, _ => 100), .. Shares(ExecutionStrategy.Cluster, _ => 99.5)]);

        findings.Should().ContainSingle().Which.Should().Be("none is clearly the fastest.");
    }

    [Fact]
    public void Measured_times_must_differ_by_more_than_their_noise()
    {
        IReadOnlyList<CellOutcome> Measured(double deviation) =>
        [
            .. ((CellOutcome[])[.. Shares(ExecutionStrategy.Serial, _ => 100), .. Shares(ExecutionStrategy.Cluster, _ => 90)]).Select(o =>
                o with { Cell = o.Cell with { IsMeasured = true }, Result = o.Result! with { TokenMillisDeviation = deviation } }),
        ];

        FindingsOf(Measured(3)).Should().ContainSingle().Which.Should().Contain("cluster is fastest");
        FindingsOf(Measured(20)).Should().ContainSingle().Which.Should().Be("none is clearly the fastest.");
    }

    [Fact]
    public void A_crossing_is_where_the_two_lines_meet()
    {
        // The two are equal at a share of 0.1, where there is no cell.
        IReadOnlyList<string> findings = FindingsOf(
            [.. Shares(ExecutionStrategy.Serial, share => 1000 * share), .. Shares(ExecutionStrategy.Cluster, _ => 100)]);

        findings.Should().HaveCount(2);
        findings[0].Should().Contain("serial is fastest at cache 2% and cache 5%")
            .And.Contain("cluster is fastest at cache 20% and cache 40%");
        findings[1].Should().StartWith("serial and cluster take the same time at cache 10%");
    }

    [Fact]
    public void Lines_that_touch_without_crossing_have_no_crossing() =>
        FindingsOf([.. Shares(ExecutionStrategy.Serial, s => s < 0.1 ? 100 : 120), .. Shares(ExecutionStrategy.Cluster, _ => 100)])
            .Should().NotContain(finding => finding.Contains("take the same time"));

    [Fact]
    public void A_cliff_is_said_of_a_policy_that_hits_nothing_below_the_demand_and_of_no_other()
    {
        IReadOnlyList<string> findings = FindingsOf(
        [
            .. Shares(ExecutionStrategy.Cluster, _ => 100, (cell, result) =>
                (cell with { CachePolicy = CachePolicyKind.Lru }, result with { HitRate = cell.CacheShare < 0.1 ? 0 : 0.4 })),
            .. Shares(ExecutionStrategy.Cluster, _ => 100, (cell, result) =>
                (cell with { CachePolicy = CachePolicyKind.Lfu }, result with { HitRate = cell.CacheShare })),
        ]);

        findings.Should().ContainSingle(finding => finding.Contains("cliff")).Which
            .Should().StartWith("lru falls off a cliff")
            .And.Contain("0.5 times that (5% of the neurons) hits 0%, one of 2 times (20%) 40%");
    }

    [Fact]
    public void Lookahead_is_said_to_pay_from_the_precision_on_at_which_its_gain_is_one()
    {
        StudyCell without = s_cell with { Strategy = ExecutionStrategy.Cluster };
        CellOutcome[] outcomes =
        [
            Outcome(without, 100),
            .. ((double[])[0.4, 0.6, 0.8, 1]).Select(precision =>
                Outcome(
                    s_cell with { Strategy = ExecutionStrategy.PrefetchCluster, LookaheadPrecision = precision }, 170 - (100 * precision))),
        ];

        IReadOnlyList<string> findings = FindingsOf(outcomes);

        findings.Should().Contain(finding => finding.StartsWith("Reading ahead pays in 2 of 4 cells and costs in 2"));
        findings.Should().Contain(finding => finding.Contains("pays from precision 69.5% on"));
    }

    [Fact]
    public void Lookahead_that_changes_nothing_is_not_mentioned() => FindingsOf(
        [
            Outcome(s_cell with { Strategy = ExecutionStrategy.Cluster }, 100),
            Outcome(s_cell with { Strategy = ExecutionStrategy.PrefetchCluster }, 100.2),
        ]).Should().NotContain(finding => finding.Contains("ahead"));

    [Fact]
    public void What_a_perfect_lookahead_would_give_is_a_bound_and_no_rival()
    {
        StudyCell perfect = s_cell with { Strategy = ExecutionStrategy.PrefetchCluster, LookaheadRecall = 1, LookaheadPrecision = 1 };
        CellOutcome[] outcomes =
        [
            .. ((double[])[1, 2, 4]).SelectMany(scale => (CellOutcome[])
            [
                Outcome(s_cell with { ComputeScale = scale, Strategy = ExecutionStrategy.Serial }, 200 * scale),
                Outcome(s_cell with { ComputeScale = scale, Strategy = ExecutionStrategy.Cluster }, 180 * scale),
                Outcome(perfect with { ComputeScale = scale }, scale == 1 ? 90 : 171 * scale),
            ]),
        ];

        IReadOnlyList<string> findings = FindingsOf(outcomes);

        findings[0].Should().Be("cluster is fastest everywhere, by 10% over the next.");
        findings.Should().Contain(finding => finding.StartsWith("a lookahead that is always right would take 50% less time"));
    }

    [Fact]
    public void Nothing_is_said_of_one_cell_or_of_none()
    {
        FindingsOf([Outcome(s_cell, 100)]).Should().BeEmpty();
        FindingsOf([new CellOutcome(s_cell, null, "no such model", 1)]).Should().BeEmpty();
    }

    [Fact]
    public void Steps_of_an_ablation_are_said_where_they_change_something()
    {
        CellOutcome[] outcomes =
        [
            Outcome(s_cell with { Strategy = ExecutionStrategy.LlmFlash, Placement = PlacementMethod.Identity }, 100),
            Outcome(s_cell with { Strategy = ExecutionStrategy.LlmFlash, Placement = PlacementMethod.Neuralink }, 80),
            Outcome(s_cell with { Strategy = ExecutionStrategy.Serial, Placement = PlacementMethod.Best }, 80.1),
        ];

        FindingsOf(outcomes).Should().ContainSingle()
            .Which.Should().Be("llmflash, neuralink takes 20% less than llmflash, identity: 80 ms a token instead of 100.");
    }

    private static IReadOnlyList<string> FindingsOf(IReadOnlyList<CellOutcome> outcomes) => MatrixReport.Of("T", "Q", outcomes).Findings;

    private static CellOutcome Outcome(StudyCell cell, double millis) =>
        new(cell, FakeCells.Result(cell) with { TokenMillis = millis }, Failure: null, Seconds: 1);

    // The fake's demand is a tenth of the neurons.
    private static CellOutcome[] Shares(
        ExecutionStrategy strategy, Func<double, double> millis, Func<StudyCell, CellResult, (StudyCell, CellResult)>? change = null) =>
    [
        .. ((double[])[0.02, 0.05, 0.2, 0.4]).Select(share =>
        {
            CellOutcome outcome = Outcome(s_cell with { Strategy = strategy, CacheShare = share }, millis(share));
            (StudyCell cell, CellResult result) = change?.Invoke(outcome.Cell, outcome.Result!) ?? (outcome.Cell, outcome.Result!);
            return outcome with { Cell = cell, Result = result };
        }),
    ];
}
