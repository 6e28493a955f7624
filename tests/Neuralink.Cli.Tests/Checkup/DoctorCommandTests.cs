using System.Text.Json;
using Neuralink.Cli.Checkup.Machine;
using Neuralink.Cli.Tests.Checkup.Machine;

namespace Neuralink.Cli.Tests.Checkup;

public sealed class DoctorCommandTests : IDisposable
{
    private static readonly string[] s_machine =
    [
        "processor", "vectors", "f16", "processor_limit", "frequency", "memory", "memory_limit", "memory_bandwidth", "huge_pages",
        "lock_limit", "file_limit", "direct_reads", "io_uring", "device", "device_profile",
    ];

    private readonly TestHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task A_page_says_what_was_found_and_what_to_do_and_nothing_is_left_behind()
    {
        CliResult run = await _home.RunAsync("doctor");
        run.Code.Should().Be(0, "of {0}", run.Error);
        string[] lines = run.Out.TrimEnd().Split('\n');
        lines.Should().OnlyContain(line => line.Length <= 120);
        lines[0].Should().Contain("no model, read from");
        foreach (string name in s_machine)
            lines.Should().ContainSingle(line => line.StartsWith(name.Replace('_', ' ') + "  ", StringComparison.Ordinal));
        lines[^1].Should().ContainAny("A run is possible", "Nothing holds a run up.");
        run.Out.Should().Contain("GB/s by one thread").And.Contain("-> 'neuralink probe'");
        Directory.GetFileSystemEntries(_home.Folder).Should().BeEmpty("looking makes no folders, and removes its file");
    }

    [Fact]
    public async Task Of_a_model_it_says_whether_it_fits_and_the_json_is_a_contract()
    {
        using TinyImage tiny = new();
        CliResult run = await _home.RunAsync("doctor", tiny.Image, "--json");
        run.Code.Should().Be(0, "of {0}", run.Error);
        using JsonDocument document = JsonDocument.Parse(run.Out);
        JsonElement root = document.RootElement;
        root.EnumerateObject().Select(p => p.Name).Should().Equal("machine", "model", "place", "state", "findings");
        root.GetProperty("state").GetString().Should().BeOneOf("good", "note");
        root.GetProperty("place").GetString().Should().StartWith(tiny.Image);
        JsonElement[] findings = [.. root.GetProperty("findings").EnumerateArray()];
        findings.Select(f => f.GetProperty("name").GetString()).Should().Equal(
            [.. s_machine, "model", "model_memory", "model_speed", "load", "steal", "container"]);
        findings.Should().AllSatisfy(f =>
        {
            f.EnumerateObject().Select(p => p.Name).Should().Equal("name", "state", "value", "advice", "metrics");
            bool isGood = f.GetProperty("state").GetString() == "good";
            f.GetProperty("advice").ValueKind.Should().Be(isGood ? JsonValueKind.Null : JsonValueKind.String);
        });
        JsonElement memory = findings.Single(f => f.GetProperty("name").GetString() == "model_memory").GetProperty("metrics");
        memory.GetProperty("smallest_bytes").GetDouble().Should().BeLessThan(memory.GetProperty("left_bytes").GetDouble());
    }

    [Fact]
    public async Task A_model_that_cannot_fit_is_a_problem_and_the_code_says_so()
    {
        using TinyImage tiny = new();
        SystemFiles files = MachineTexts.Files(
            ("/proc/meminfo", "MemTotal: 8000000 kB\nMemAvailable: 7000000 kB\n"), ("/proc/self/cgroup", "0::/\n"),
            ("/proc/self/mountinfo", "1 2 3:4 / /g rw - cgroup2 a rw\n"), ("/g/memory.max", "1048576\n"));
        _home.Change = surroundings => surroundings with { SystemFiles = files };
        CliResult run = await _home.RunAsync("doctor", tiny.Image);
        run.Code.Should().Be(1);
        run.Out.Should().Contain("1 MiB of 1 MiB left, by /g/memory.max").And.Contain("A run is not possible: 1 problem");
        run.Out.Should().NotContain("model speed");
    }

    [Fact]
    public async Task A_system_that_says_nothing_of_itself_is_looked_at_all_the_same()
    {
        _home.Change = surroundings => surroundings with { SystemFiles = MachineTexts.Nothing };
        CliResult run = await _home.RunAsync("doctor");
        run.Code.Should().Be(0, "of {0}", run.Error);
        run.Out.Should().Contain("cannot be read").And.Contain("a processor without a name");
    }

    [Fact]
    public async Task No_such_model() =>
        (await _home.RunAsync("doctor", _home.PathOf("nowhere"))).ShouldFail(1, "nowhere", "no such folder");
}
