using System.Text.Json;
using Neuralink.Tests.Support;

namespace Neuralink.Cli.Tests.Generate;

/// <summary>Tools parse these names.</summary>
[Collection(PackedModelFixture.Name)]
public sealed class JsonContractTests(PackedModelFixture model) : IDisposable
{
    private static readonly string[] s_io =
    [
        "bytes_read", "bytes_used", "reads", "mean_read_bytes", "cache_hit_rate", "cache_hits", "prefetched", "prefetch_on_time",
        "prefetch_late", "prefetch_wasted", "repaired", "wait_ms",
        "io_ms", "wanted", "bridged", "bridged_wanted_later", "retries", "raw_bytes_per_second", "effective_bytes_per_second",
        "predictor_precision", "predicted_share", "firing_share", "layer_ms", "warmed_up", "warm_up_late", "warm_up_reads", "warm_up_bytes",
    ];

    private readonly TestHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task One_object_on_stdout_has_every_name_of_the_contract()
    {
        GreedyReference expected = BundledModel.Greedy[0];
        CliResult run = await _home.RunAsync(
            "generate", "-m", model.Image, "-p", expected.Prompt, "-n", "20", "--temperature", "0", "--json", "--memory", "16MiB",
            "--strategy", "serial", "--seed", "7", "--io", "buffered");
        run.Code.Should().Be(0, "of {0}", run.Error);
        run.Error.Should().BeEmpty();
        using JsonDocument document = JsonDocument.Parse(run.Out);
        JsonElement root = document.RootElement;

        expected.Text.Should().StartWith(expected.Prompt + root.GetProperty("text").GetString());
        root.GetProperty("prompt_tokens").GetInt32().Should().Be(expected.PromptIds.Length);
        root.GetProperty("tokens").Deserialize<int[]>().Should().Equal(expected.NewIds[..20]);
        root.GetProperty("finish_reason").GetString().Should().Be("length");
        root.GetProperty("strategy").GetString().Should().Be("serial");
        root.GetProperty("seed").GetUInt64().Should().Be(7);
        root.GetProperty("device").GetString().Should().NotBeEmpty();
        root.GetProperty("model").GetString().Should().Be("model");
        root.GetProperty("firing_share").GetDouble().Should().BeInRange(0.001, 0.5);
        Numbers(root, "timings").Keys.Should().BeEquivalentTo(
            "load_ms", "prompt_ms", "predicted_ms", "prompt_per_second", "predicted_per_second", "ttft_ms");
        IReadOnlyDictionary<string, double> io = Numbers(root, "io"), memory = Numbers(root, "memory");
        io.Keys.Should().BeEquivalentTo(s_io);
        root.GetProperty("io").GetProperty("lookahead_recall").ValueKind.Should().Be(JsonValueKind.Null, "nothing is read ahead");
        io["bytes_read"].Should().BeGreaterThan(io["bytes_used"]).And.BeApproximately(io["reads"] * io["mean_read_bytes"], 1);
        memory.Keys.Should().BeEquivalentTo("resident", "predictor", "kv", "activations", "staging", "cache", "total", "process_peak");
        memory["total"].Should().Be(memory.Values.Sum() - memory["total"] - memory["process_peak"]).And.BeLessThanOrEqualTo(16 << 20);
    }

    [Fact]
    public async Task Every_layer_has_the_figures_of_the_run_and_they_add_up_to_it()
    {
        CliResult run = await _home.RunAsync(
            "generate", "-m", model.Image, "-p", "Once upon a time", "-n", "12", "--temperature", "0", "--json", "--strategy",
            "prefetch+cluster", "--cache", "5%",
            "--cache-policy", "s3-fifo", "--gap", "8KiB", "--lookahead", "sketch=3", "--ahead", "2", "--io", "buffered");
        run.Code.Should().Be(0, "of {0}", run.Error);
        using JsonDocument document = JsonDocument.Parse(run.Out);
        JsonElement root = document.RootElement;
        root.GetProperty("strategy").GetString().Should().Be("prefetch+cluster");
        root.GetProperty("diagnosis").GetString().Should().MatchRegex("^(disk|compute)-bound: ").And.NotContain("\n");
        Dictionary<string, double> io = Numbers(root, "io");
        io.Keys.Should().BeEquivalentTo([.. s_io, "lookahead_share", "lookahead_recall", "lookahead_precision"]);
        foreach (string share in (string[])[
            "cache_hit_rate", "predictor_precision", "predicted_share", "firing_share", "lookahead_share", "lookahead_recall",
            "lookahead_precision"])
        {
            io[share].Should().BeInRange(0, 1, "of {0}", share);
        }
        io["lookahead_recall"].Should().BeGreaterThan(0.3, "a sketch of neighbouring layers is no guess");
        io["predictor_precision"].Should().BeApproximately(1, 0.001, "the prediction is exact");
        io["predicted_share"].Should().BeApproximately(io["firing_share"], 0.001).And.BeInRange(0.005, 0.5);
        io["effective_bytes_per_second"].Should().BeLessThan(io["raw_bytes_per_second"]).And.BePositive();
        io["wanted"].Should().BeGreaterThanOrEqualTo(io["prefetch_on_time"] + io["prefetch_late"] + io["repaired"]);
        io["prefetched"].Should().Be(io["prefetch_on_time"] + io["prefetch_late"] + io["prefetch_wasted"]).And.BePositive();
        JsonElement[] layers = [.. root.GetProperty("layers").EnumerateArray()];
        layers.Should().HaveCount(6);
        foreach (JsonElement layer in layers)
            layer.EnumerateObject().Select(p => p.Name).Should().Equal(root.GetProperty("io").EnumerateObject().Select(p => p.Name));
        foreach (string sum in (string[])[
            "bytes_read", "bytes_used", "reads", "prefetched", "prefetch_on_time", "prefetch_late", "prefetch_wasted", "repaired", "wanted",
            "bridged"])
        {
            layers.Sum(layer => layer.GetProperty(sum).GetInt64()).Should().Be((long)io[sum], "of {0}", sum);
        }
    }

    [Fact]
    public async Task The_end_of_a_text_is_the_finish_reason_stop()
    {
        CliResult run = await _home.RunAsync(
            "generate", "-m", model.Image, "-p", "Once upon a time", "--temperature", "0", "--json", "--stop", ",");
        using JsonDocument document = JsonDocument.Parse(run.Out);
        document.RootElement.GetProperty("finish_reason").GetString().Should().Be("stop");
        document.RootElement.GetProperty("text").GetString().Should().BeEmpty();
    }

    private static Dictionary<string, double> Numbers(JsonElement root, string name) =>
        root.GetProperty(name).EnumerateObject().Where(p => p.Value.ValueKind != JsonValueKind.Null)
            .ToDictionary(p => p.Name, p => p.Value.GetDouble(), StringComparer.Ordinal);
}
