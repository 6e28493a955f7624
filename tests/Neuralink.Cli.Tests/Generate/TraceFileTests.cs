using System.Text.Json;

namespace Neuralink.Cli.Tests.Generate;

[Collection(PackedModelFixture.Name)]
public sealed class TraceFileTests(PackedModelFixture model) : IDisposable
{
    private readonly TestHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task A_trace_has_a_track_an_actor_and_spans_of_fetching_and_computing()
    {
        string path = _home.PathOf("trace.json");
        CliResult run = await Generate(path);
        run.Code.Should().Be(0, "of {0}", run.Error);
        using JsonDocument document = JsonDocument.Parse(await File.ReadAllBytesAsync(path));
        JsonElement[] events = [.. document.RootElement.GetProperty("traceEvents").EnumerateArray()];
        JsonElement other = document.RootElement.GetProperty("otherData");
        other.GetProperty("layers").EnumerateArray().Sum(layer => layer.GetProperty("reads").GetInt64())
            .Should().Be(other.GetProperty("io").GetProperty("reads").GetInt64());
        other.GetProperty("diagnosis").GetString().Should().NotBeEmpty();
        events.Where(e => Text(e, "ph") == "M").Select(e => Text(e.GetProperty("args"), "name"))
            .Should().Equal("Predictor", "Io", "Compute");
        events.Where(e => Text(e, "ph") == "b").Should().NotBeEmpty().And.HaveSameCount(events.Where(e => Text(e, "ph") == "e"));
        events.Where(e => Text(e, "ph") == "X").Select(e => e.GetProperty("tid").GetInt32()).Distinct().Should().Contain(3);
    }

    [Fact]
    public async Task A_trace_that_cannot_be_written_is_said_before_anything_is_generated()
    {
        CliResult run = await Generate(_home.PathOf("none/trace.json"));
        run.ShouldFail(1, "expected a file that can be written, found no such folder");
        run.Out.Should().BeEmpty();
    }

    [Fact]
    public async Task A_trace_on_a_full_disk_is_an_error_after_the_text()
    {
        if (!File.Exists("/dev/full"))
            return;
        CliResult run = await Generate("/dev/full");
        run.ShouldFail(1, "cannot write the trace to /dev/full: expected a file that can be written, found No space left on device");
        run.Out.Should().StartWith("Once upon a time,");
        CliResult both = await _home.RunAsync("generate", "-m", model.Image, "-p", "Once", "--memory", "1MiB", "--trace", "/dev/full");
        both.ShouldFail(1, "resident weights");
    }

    private Task<CliResult> Generate(string path) =>
        _home.RunAsync("generate", "-m", model.Image, "-p", "Once upon a time", "-n", "4", "--temperature", "0", "--trace", path);

    private static string? Text(JsonElement e, string name) => e.GetProperty(name).GetString();
}
