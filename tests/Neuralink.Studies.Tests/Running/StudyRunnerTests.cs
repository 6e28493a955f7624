using System.Text.Json;
using Neuralink.Storage;
using Neuralink.Studies.Cells;
using Neuralink.Studies.Matrix;
using Neuralink.Studies.Reports;
using Neuralink.Studies.Running;

namespace Neuralink.Studies.Tests.Running;

public sealed class StudyRunnerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("study-").FullName;

    private string Results => Path.Combine(_folder, "results.jsonl");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_finished_study_runs_nothing_again_and_reports_the_same()
    {
        FakeCells first = new(), second = new();
        StudyOutcome outcome = Run(first, Cells(10));
        byte[] report = File.ReadAllBytes(Path.Combine(_folder, "report.md"));

        StudyOutcome again = Run(second, Cells(10));

        (first.Runs, second.Runs).Should().Be((10, 0));
        again.Cells.Select(cell => cell.Result! with { Timeline = null })
            .Should().Equal(outcome.Cells.Select(cell => cell.Result! with { Timeline = null }));
        again.Cells[3].Result!.Timeline!.Spans.Should().HaveCount(3);
        File.ReadAllBytes(Path.Combine(_folder, "report.md")).Should().Equal(report);
        File.ReadAllLines(Path.Combine(_folder, "results.csv")).Should().HaveCount(11);
    }

    [Fact]
    public void More_cells_run_only_what_is_new()
    {
        Run(new FakeCells(), Cells(4));
        FakeCells runner = new();

        Run(runner, Cells(6)).Cells.Should().HaveCount(6).And.OnlyContain(cell => cell.Result != null);

        runner.Runs.Should().Be(2);
    }

    [Fact]
    public void A_line_that_was_half_written_is_dropped_and_its_cell_run_again()
    {
        Run(new FakeCells(), Cells(3));
        byte[] whole = File.ReadAllBytes(Results);
        File.WriteAllBytes(Results, whole[..^20]);
        FakeCells runner = new();

        Run(runner, Cells(3));

        runner.Runs.Should().Be(1);
        File.ReadAllLines(Results).Should().HaveCount(3);
    }

    [Fact]
    public void A_cell_that_fails_says_why_the_rest_runs_and_it_is_tried_again()
    {
        StudyCell[] cells = [.. Cells(2), new StudyCell { Model = FakeCells.Missing, Device = "nvme" }];

        StudyOutcome outcome = Run(new FakeCells(), cells);
        FakeCells again = new();
        Run(again, cells);

        outcome.Cells.Count(cell => cell.Result is not null).Should().Be(2);
        outcome.Cells[2].Failure.Should().Contain("missing.nlk");
        File.ReadAllText(Path.Combine(_folder, "results.csv")).Should().Contain("missing.nlk");
        File.ReadAllText(Path.Combine(_folder, "report.md")).Should().Contain("Cells that failed").And.Contain("missing.nlk");
        again.Runs.Should().Be(1);
    }

    [Fact]
    public void A_study_of_failures_alone_is_reported_too()
    {
        StudyOutcome outcome = Run(new FakeCells(), [new StudyCell { Model = FakeCells.Missing, Device = "nvme" }]);

        outcome.Report.Findings.Should().BeEmpty();
        File.Exists(Path.Combine(_folder, "report.md")).Should().BeTrue();
    }

    [Fact]
    public void What_was_ended_keeps_what_is_finished()
    {
        using CancellationTokenSource stop = new();
        int begun = 0;
        FakeCells runner = new()
        {
            Before = _ =>
            {
                if (++begun == 4)
                    stop.Cancel();
            },
        };

        Action run = () => Run(runner, Cells(10), threads: 1, stop.Token);

        run.Should().Throw<OperationCanceledException>();
        File.ReadAllLines(Results).Should().HaveCount(3);
        FakeCells rest = new();
        Run(rest, Cells(10));
        rest.Runs.Should().Be(7);
    }

    [Fact]
    public void Measured_cells_run_one_after_the_other_when_no_simulated_one_does()
    {
        int running = 0, most = 0, simulatedLeft = 8;
        FakeCells simulated = new() { Before = _ => Interlocked.Decrement(ref simulatedLeft) };
        FakeCells measured = new()
        {
            Before = _ =>
            {
                most = Math.Max(most, Interlocked.Increment(ref running));
                simulatedLeft.Should().Be(0);
                Interlocked.Decrement(ref running);
            },
        };
        StudyCell[] cells = [.. Cells(8), .. Cells(4).Select(cell => cell with { IsMeasured = true })];

        new StudyRunner(simulated, measured, TimeProvider.System, threads: 4).Run(Study(cells), _folder, new Silent(), default);

        (simulated.Runs, measured.Runs, most).Should().Be((8, 4, 1));
    }

    [Fact]
    public void A_result_that_is_no_number_is_a_failure()
    {
        CellResult broken = FakeCells.Result(Cells(1)[0]) with { HitRate = double.NaN };
        CellMetric.Flaw(broken).Should().Contain("hit_rate");
        CellMetric.Flaw(broken with { HitRate = 0, TokenMillis = 0 }).Should().Contain("0 ms");
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_said_by_name()
    {
        string file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");

        Action run = () => new StudyRunner(new FakeCells(), new FakeCells(), TimeProvider.System, 1)
            .Run(Study(Cells(1)), Path.Combine(file, "sub"), new Silent(), default);

        run.Should().Throw<NeuralinkException>().Which.Message.Should().Contain(file);
    }

    [Fact]
    public void A_damaged_line_is_refused_by_its_number()
    {
        Run(new FakeCells(), Cells(3));
        string[] lines = File.ReadAllLines(Results);
        File.WriteAllLines(Results, [lines[0], lines[1][..^9], lines[2]]);

        Action run = () => Run(new FakeCells(), Cells(3));

        run.Should().Throw<NeuralinkException>().Which.Message.Should().Contain("results.jsonl, line 2");
    }

    [Fact]
    public void Damaged_results_are_read_or_refused_in_one_line()
    {
        byte[] whole = [.. ResultLine.Write(new CellOutcome(Cells(1)[0], FakeCells.Result(Cells(1)[0]), null, 1))];
        Random random = new(1);
        int refused = 0;
        for (int i = 0; i < 2000; i++)
        {
            byte[] bytes = [.. whole[..^1]];
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            if (i % 4 == 0)
                bytes = bytes[..random.Next(bytes.Length)];
            try
            {
                _ = ResultLine.Read(bytes);
            }
            catch (JsonException)
            {
                refused++;
            }
        }
        refused.Should().BeGreaterThan(500);
    }

    [Fact]
    public void Results_are_a_table_that_quotes_what_it_must()
    {
        CellOutcome[] outcomes =
        [
            new(new StudyCell { Model = "a,b\".nlk", Device = "nvme" }, null, "no such model", 0.5),
            new(Cells(1)[0], FakeCells.Result(Cells(1)[0]), null, 1),
        ];

        string[] lines = ResultsTable.Write(outcomes).Split("\r\n");

        lines[0].Should().StartWith("model,device,trace,is_measured,strategy").And.EndWith("seconds,failure");
        lines[1].Should().StartWith("\"a,b\"\".nlk\",nvme,").And.EndWith(",0.5,no such model");
        lines[2].Split(',').Should().HaveCount(lines[0].Split(',').Length);
    }

    private static StudyCell[] Cells(int count) =>
        [.. Enumerable.Range(0, count).Select(i => new StudyCell { Model = "opt-1.3b", Device = "nvme", CacheShare = i / 64.0 })];

    private static Study Study(StudyCell[] cells) => new("mine", "T", "Q", cells, outcomes => MatrixReport.Of("T", "Q", outcomes));

    private StudyOutcome Run(FakeCells runner, StudyCell[] cells, int threads = 2, CancellationToken cancellation = default) =>
        new StudyRunner(runner, new FakeCells(), TimeProvider.System, threads).Run(Study(cells), _folder, new Silent(), cancellation);

    private sealed class Silent : IProgress<StudyProgress>
    {
        public void Report(StudyProgress value)
        {
        }
    }
}
