using System.Text.Json;
using Neuralink.Tests.Support;

namespace Neuralink.Cli.Tests.Generate;

/// <summary>Tools parse these names.</summary>
[Collection(PackedModelFixture.Name)]
public sealed class JsonContractTests(PackedModelFixture model) : IDisposable
{
    private readonly TestHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task One_object_on_stdout_has_every_name_of_the_contract()
    {
        GreedyReference expected = BundledModel.Greedy[0];
        CliResult run = await _home.RunAsync(
            "generate", "-m", model.Image, "-p", expected.Prompt, "-n", "20", "--temperature", "0", "--json", "--memory", "16MiB", "--strategy", "serial", "--seed", "7",
            "--io", "buffered");
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
        Numbers(root, "timings").Keys.Should().BeEquivalentTo("load_ms", "prompt_ms", "predicted_ms", "prompt_per_second", "predicted_per_second", "ttft_ms");
        IReadOnlyDictionary<string, double> io = Numbers(root, "io"), memory = Numbers(root, "memory");
        io.Keys.Should().BeEquivalentTo(
            "bytes_read", "bytes_used", "reads", "mean_read_bytes", "cache_hit_rate", "prefetched", "prefetch_on_time", "prefetch_late", "prefetch_wasted", "repaired", "wait_ms",
            "io_ms");
        io["bytes_read"].Should().BeGreaterThan(io["bytes_used"]).And.BeApproximately(io["reads"] * io["mean_read_bytes"], 1);
        memory.Keys.Should().BeEquivalentTo("resident", "kv", "activations", "staging", "cache", "total", "process_peak");
        memory["total"].Should().Be(memory.Values.Sum() - memory["total"] - memory["process_peak"]).And.BeLessThanOrEqualTo(16 << 20);
    }

    [Fact]
    public async Task The_end_of_a_text_is_the_finish_reason_stop()
    {
        CliResult run = await _home.RunAsync("generate", "-m", model.Image, "-p", "Once upon a time", "--temperature", "0", "--json", "--stop", ",");
        using JsonDocument document = JsonDocument.Parse(run.Out);
        document.RootElement.GetProperty("finish_reason").GetString().Should().Be("stop");
        document.RootElement.GetProperty("text").GetString().Should().BeEmpty();
    }

    private static Dictionary<string, double> Numbers(JsonElement root, string name) =>
        root.GetProperty(name).EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetDouble(), StringComparer.Ordinal);
}
