using System.Text.Json;
using Neuralink.Studies.Matrix;

namespace Neuralink.Cli.Tests.Studying;

public sealed class StudyCommandTests : IDisposable
{
    private const string Small = """
        { "format": "neuralink-study", "format_version": 1, "title": "Small", "question": "Which?",
          "matrices": [{ "model": ["tiny-opt", "missing.nlk"], "device": "nvme", "computing": "8-gen3", "tokens": 4,
            "strategy": ["serial", "cluster"] }] }
        """;

    private readonly TestHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task A_study_is_run_and_reported_and_a_cell_that_fails_says_why()
    {
        string folder = _home.PathOf("results");

        CliResult run = await _home.RunAsync("study", Written(Small), "-o", folder);

        run.Code.Should().Be(0, "of {0}", run.Error);
        run.Out.TrimEnd().Should().EndWith(Path.Combine(folder, "report.html"));
        run.Error.Should().Contain("2 of 4 cells failed").And.Contain("missing.nlk");
        Directory.GetFiles(folder).Select(Path.GetFileName)
            .Should().BeEquivalentTo("results.jsonl", "results.csv", "report.md", "report.html");
        File.ReadAllLines(Path.Combine(folder, "results.jsonl")).Should().HaveCount(4);

        CliResult again = await _home.RunAsync("study", Written(Small), "-o", folder);

        again.Out.Should().Be(run.Out);
        File.ReadAllLines(Path.Combine(folder, "results.jsonl")).Should().HaveCount(6, "only what failed is tried again");
    }

    [Fact]
    public async Task A_study_in_which_every_cell_fails_is_a_failure()
    {
        CliResult run = await _home.RunAsync(
            "study", Written(Small.Replace("\"tiny-opt\", ", "", StringComparison.Ordinal)), "-o", _home.PathOf("results"));

        run.Code.Should().Be(1);
        run.Error.Should().Contain("missing.nlk");
    }

    [Fact]
    public async Task What_is_stopped_says_what_is_kept()
    {
        using CancellationTokenSource stop = new();
        await stop.CancelAsync();

        CliResult run = await _home.RunAsync("", ["study", Written(Small), "-o", _home.PathOf("results")], cancellation: stop.Token);

        run.Code.Should().Be(130);
        run.Error.Should().Contain("0 of 4 cells").And.Contain("the same command goes on");
    }

    [Fact]
    public async Task Presets_are_listed_and_the_schema_is_json()
    {
        CliResult list = await _home.RunAsync("study", "--list"), schema = await _home.RunAsync("study", "--schema");

        list.Out.Split('\n').Should().HaveCount(StudyPresets.All.Count + 1);
        list.Out.Should().ContainAll("overlap", "cache", "device", "ablation", "order", "lookahead");
        JsonDocument.Parse(schema.Out).RootElement.GetProperty("$schema").GetString().Should().Contain("2020-12");
    }

    [Fact]
    public async Task An_unknown_name_is_answered_with_the_presets()
    {
        CliResult run = await _home.RunAsync("study", "overlab");

        run.Code.Should().Be(1);
        run.Error.Should().Contain("overlab").And.Contain("overlap, cache, device");
    }

    [Theory]
    [InlineData("study")]
    [InlineData("study", "overlap", "--list")]
    [InlineData("study", "--list", "--schema")]
    [InlineData("study", "--list", "-o", "x")]
    public async Task One_thing_is_asked_for_at_a_time(params string[] args) => (await _home.RunAsync(args)).Code.Should().Be(2);

    [Fact]
    public async Task A_folder_that_cannot_be_written_is_said_by_name()
    {
        string file = Written(Small);

        CliResult run = await _home.RunAsync("study", file, "-o", Path.Combine(file, "results"));

        run.Code.Should().Be(1);
        run.Error.Should().Contain(file).And.Contain("-o");
    }

    [Fact]
    public async Task A_fault_in_a_file_is_said_with_its_line()
    {
        CliResult run = await _home.RunAsync(
            "study", Written(Small.Replace("\"serial\"", "\"seriel\"", StringComparison.Ordinal)), "-o", _home.PathOf("results"));

        run.Code.Should().Be(1);
        run.Error.Should().Contain("line 3, matrices[0].strategy[0]: expected serial, prefetch").And.Contain("found \"seriel\"");
        Directory.Exists(_home.PathOf("results")).Should().BeFalse();
    }

    private string Written(string study)
    {
        string path = _home.PathOf("small.json");
        File.WriteAllText(path, study);
        return path;
    }
}
