using System.Text.Json;
using Neuralink.Tests.Support;

namespace Neuralink.Cli.Tests.Measuring;

[Collection(PackedModelFixture.Name)]
public sealed class BenchCommandTests(PackedModelFixture model) : IDisposable
{
    private readonly TestHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task The_table_is_llama_benchs_with_our_columns_and_a_row_for_each_combination()
    {
        CliResult run = await Bench("--strategy", "serial,cluster", "--cache", "5%,10%", "-p", "8", "-n", "4", "-r", "1");
        run.Code.Should().Be(0, "of {0}", run.Error);
        string[][] rows = [.. run.Out.TrimEnd().Split('\n').Select(line => line.Trim('|').Split('|').Select(c => c.Trim()).ToArray())];
        rows[0].Should().StartWith(["protocol", "model", "size", "params", "threads", "strategy", "cache", "test", "t/s"])
            .And.Contain(["TTFT ms", "TPOT ms", "worst ms", "hits", "wait", "demand/token"]);
        rows[1].Should().OnlyContain(cell => cell.TrimEnd(':').All(c => c == '-'));
        rows[2..].Select(r => $"{r[5]} {r[6]} {r[7]}").Should().Equal(
            "serial 5% pp8", "serial 5% tg4", "serial 10% pp8", "serial 10% tg4", "cluster 5% pp8", "cluster 5% tg4", "cluster 10% pp8",
            "cluster 10% tg4");
        rows[2..].Should().AllSatisfy(row =>
        {
            row.Should().HaveSameCount(rows[0]);
            row[0].Should().MatchRegex("^rotating, (direct|page cache)$");
            row[8].Should().MatchRegex(@"^\d+\.\d\d ± 0\.00$");
        });
        run.Out.TrimEnd().Split('\n').Select(line => line.Length).Distinct().Should().ContainSingle("columns are as wide as their cells");
        run.Error.Should().MatchRegex(@"neuralink: the first combination, run again at the end, took \d+\.\d{3} times as long");
    }

    [Fact]
    public async Task Json_has_llama_benchs_keys_and_units_and_ours()
    {
        CliResult run = await Bench("-p", "0", "-n", "4", "-r", "2", "--protocol", "cold,warm", "--io", "buffered", "-o", "json");
        run.Code.Should().Be(0, "of {0}", run.Error);
        JsonElement[] rows = [.. JsonDocument.Parse(run.Out).RootElement.EnumerateArray()];
        rows.Select(r => r.GetProperty("protocol").GetString()).Should().Equal("cold", "warm");
        rows[0].EnumerateObject().Select(p => p.Name).Should().StartWith(
            [
                "build_commit", "cpu_info", "model_filename", "model_type", "model_size", "model_n_params", "n_batch", "n_threads",
                "n_prompt", "n_gen", "test_time", "avg_ns", "stddev_ns", "avg_ts", "stddev_ts", "samples_ns", "samples_ts", "protocol",
                "past_page_cache",
            ]);
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "formats", "bench-results.md"));
        rows[0].EnumerateObject().Should().AllSatisfy(p => page.Should().Contain($"`{p.Name}`"));
        foreach (JsonElement row in rows)
        {
            long[] nanos = [.. row.GetProperty("samples_ns").EnumerateArray().Select(n => n.GetInt64())];
            nanos.Should().HaveCount(2);
            row.GetProperty("avg_ns").GetDouble().Should().BeApproximately(nanos.Average(), 2);
            row.GetProperty("avg_ts").GetDouble().Should().BeApproximately(nanos.Average(n => 4 * 1e9 / n), 0.01);
            row.GetProperty("model_n_params").GetInt64().Should().Be(11_029_760);
            row.GetProperty("past_page_cache").GetBoolean().Should().BeFalse();
            row.GetProperty("demand_bytes").GetDouble().Should().BePositive();
            row.GetProperty("sentinel_ratio").GetDouble().Should().BePositive();
            row.GetProperty("itl_worst_ms").GetDouble().Should().BeGreaterThanOrEqualTo(row.GetProperty("itl_p50_ms").GetDouble());
        }
        rows[0].GetProperty("hit_rate").GetDouble().Should().BeLessThan(rows[1].GetProperty("hit_rate").GetDouble());
    }

    [Fact]
    public async Task Csv_has_a_header_and_quoted_values_and_json_lines_an_object_each()
    {
        string[] csv = (await Bench("-p", "4", "-n", "4", "-r", "1", "-o", "csv")).Out.TrimEnd().Split('\n');
        csv.Should().HaveCount(3);
        csv[0].Should().StartWith("build_commit,cpu_info,model_filename").And.NotContain("samples");
        csv[1..].Should().AllSatisfy(line => line.Should().StartWith("\"").And.EndWith("\""));
        csv[1].Split("\",\"").Should().HaveCount(csv[0].Split(',').Length);
        string[] lines = (await Bench("-p", "4", "-n", "2,3", "-r", "1", "-o", "jsonl", "--sequences", "2")).Out.TrimEnd().Split('\n');
        JsonElement[] rows = [.. lines.Select(line => JsonDocument.Parse(line).RootElement)];
        rows.Select(r => r.GetProperty("test").GetString()).Should().Equal("pp4", "tg2", "tg3");
        rows.Should().OnlyContain(r => r.GetProperty("n_sequences").GetInt32() == 2);
    }

    [Fact]
    public async Task What_a_combination_cannot_be_is_said_and_the_rest_is_printed()
    {
        CliResult run = await Bench("--strategy", "frequency,serial", "-p", "0", "-n", "2", "-r", "1");
        run.Code.Should().Be(1);
        run.Out.TrimEnd().Split('\n').Should().HaveCount(3).And.Subject.Last().Should().Contain("serial");
        run.Error.Should().Contain("neuralink: left out: tg2 rotating, model ").And.Contain("neurons in frequency order");
        (await Bench("--strategy", "frequency", "-p", "0", "-n", "2", "-r", "1")).ShouldFail(1, "neurons in frequency order");
    }

    [Fact]
    public async Task Stopped_it_prints_what_it_has_and_returns_130()
    {
        using CancellationTokenSource stop = new();
        using StopAtNote error = new("measuring: ", stop);
        _home.Change = s => s with { Error = error, Time = new HurryingTime() };
        CliResult run = await _home.RunAsync(
            "", ["bench", "-m", model.Image, "-p", "0", "-n", "2", "-r", "3", "--protocol", "cold"], cancellation: stop.Token);
        run.Code.Should().Be(130, "of {0}", error);
        run.Out.TrimEnd().Split('\n').Should().HaveCount(3);
        error.ToString().Should().EndWith("neuralink: stopped after 1 of 6 runs\n");
    }

    [Theory]
    [InlineData("--strategy: expected serial or prefetch or cluster", "found 'magic' in 'serial,magic'", "--strategy", "serial,magic")]
    [InlineData("--cache: expected shares of at most 100%", "found '110%' in '5%,110%'", "--cache", "5%,110%")]
    [InlineData("--cache: ", "found '' in '5%,,10%'", "--cache", "5%,,10%")]
    [InlineData("--n-prompt: expected integers of 0 or more", "found '-1'", "-p", "-1")]
    [InlineData("--n-gen: expected integers of 0 or more", "found 'x' in '4,x'", "-n", "4,x")]
    [InlineData("--repetitions: expected an integer of 1 or more", "found '0'", "-r", "0")]
    [InlineData("--protocol: expected cold or warm or rotating", "found 'hot'", "--protocol", "hot")]
    [InlineData("--output: expected md or csv or json or jsonl", "found 'sql'", "-o", "sql")]
    [InlineData("--io: expected direct or buffered or uring", "found 'mmap'", "--io", "mmap")]
    [InlineData("expected 1 to 256 threads", "found 0", "-t", "2,0")]
    [InlineData("expected a queue depth of 1 to 256", "found 999", "--queue-depth", "4,999")]
    [InlineData("expected 1 to 256 sequences", "found 0", "--sequences", "0")]
    [InlineData("--queue-depth: expected integers", "found 'deep'", "--queue-depth", "deep")]
    [InlineData("-p and -n: expected a test", "found 0 tokens for both", "-p", "0", "-n", "0")]
    public async Task A_wrong_list_is_one_line_that_names_the_entry(string expected, string found, params string[] args) =>
        (await Bench(args)).ShouldFail(2, expected, found, "see 'neuralink bench --help'");

    [Fact]
    public async Task A_model_or_text_that_is_not_there_and_a_prompt_that_is_too_long_are_errors()
    {
        (await _home.RunAsync("bench", "-m", $"{model.Image},{_home.PathOf("nowhere")}")).ShouldFail(1, "nowhere", "no such folder");
        (await Bench("-f", _home.PathOf("nowhere.txt"))).ShouldFail(1, "read the text of prompts from", "nowhere.txt");
        (await Bench("-p", "100000")).ShouldFail(1, "a context of at most", "100001");
    }

    private Task<CliResult> Bench(params string[] args) => _home.RunAsync(["bench", "-m", model.Image, .. args]);
}
