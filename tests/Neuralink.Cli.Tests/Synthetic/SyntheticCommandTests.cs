using System.Text.Json;

namespace Neuralink.Cli.Tests.Synthetic;

[Collection(PackedModelFixture.Name)]
public sealed class SyntheticCommandTests : IDisposable
{
    private readonly TestHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task A_synthetic_model_is_summed_up_and_generates()
    {
        string folder = _home.PathOf("model");
        CliResult synth = await _home.RunAsync("synth", "tiny-llama", folder, "--layers", "2", "--seed", "5");
        synth.Code.Should().Be(0, "of {0}", synth.Error);
        synth.Out.Should().Contain("2 layers of 1024 neurons").And.Contain("means nothing")
            .And.Contain("published: active share 24.19%, 80% share 43%");
        synth.Out.Should().MatchRegex("mean │ +2[345]\\.[0-9]{2}%");
        File.ReadAllText(Path.Combine(folder, "README.md")).Should().Contain("means nothing").And.Contain("synthetic:tiny-llama:2:5");

        CliResult generate = await _home.RunAsync("generate", "-m", folder, "-p", "Once upon a time", "-n", "40", "--json");
        generate.Code.Should().Be(0, "of {0}", generate.Error);
        generate.Out.Should().Contain("\"text\"");
    }

    [Fact]
    public async Task A_synthetic_model_that_never_falls_silent_is_streamed()
    {
        string folder = _home.PathOf("model");
        (await _home.RunAsync("synth", "tiny-llama", folder, "--layers", "2", "--activation", "silu")).Code.Should().Be(0);
        CliResult generate = await _home.RunAsync("generate", "-m", folder, "-p", "Once upon a time", "-n", "4", "--cache", "50%");
        generate.Code.Should().Be(0, "of {0}", generate.Error);
        generate.Error.Should().Contain("strategy stream: SiLU leaves no neuron silent");
        CliResult wrong = await _home.RunAsync("synth", "tiny-llama", folder, "--activation", "fatrelu");
        wrong.Error.Should().Contain("--activation").And.Contain("'fatrelu'");
    }

    [Fact]
    public async Task A_synthetic_trace_is_summed_up_and_shown()
    {
        string path = _home.PathOf("a.trace");
        CliResult synth = await _home.RunAsync(
            "synth-trace", "tiny-opt", "-o", path, "-n", "3000", "--layers", "2", "--seed", "5", "--domain", "1", "--text", "2");
        synth.Code.Should().Be(0, "of {0}", synth.Error);
        synth.Out.Should().Contain("3000 synthetic tokens").And.Contain("no text").And.Contain("in true order");
        CliResult show = await _home.RunAsync("trace", "show", path, "--json");
        JsonElement report = JsonDocument.Parse(show.Out).RootElement;
        report.GetProperty("model_digest").GetString().Should().Be("synthetic:tiny-opt:2:5");
        report.GetProperty("texts").GetString().Should().Be("synthetic text 2 of domain 1, 3000 tokens");
        report.GetProperty("stride_bytes").GetInt32().Should().Be(1536);
        report.GetProperty("layers").GetArrayLength().Should().Be(2);
    }

    [Theory]
    [
        InlineData(
            "expected one of opt-350m, opt-1.3b, opt-6.7b, llama2-7b, mistral-7b, tiny-opt, tiny-llama, found 'gpt-9'", "synth", "gpt-9",
            "DST")
    ]
    [InlineData("found 'gpt-9'", "synth-trace", "gpt-9", "-o", "TRACE")]
    [InlineData("expected an integer of 1 to 4096, found '0'", "synth", "tiny-opt", "DST", "--layers", "0")]
    [InlineData("expected an integer of 1 or more, found '0'", "synth-trace", "tiny-opt", "-o", "TRACE", "-n", "0")]
    [InlineData("expected an integer of 0 to 65535, found '-1'", "synth-trace", "tiny-opt", "-o", "TRACE", "--domain", "-1")]
    [InlineData("--output", "synth-trace", "tiny-opt")]
    public async Task A_wrong_command_line_is_one_line(string part, params string[] args)
    {
        CliResult run = await _home.RunAsync(args);
        run.ShouldFail(2, part, $"see 'neuralink {args[0]} --help'");
        run.Out.Should().BeEmpty();
    }

    [Fact]
    public async Task What_exists_stays_without_force()
    {
        string path = _home.PathOf("a");
        File.WriteAllText(path, "mine");
        (await _home.RunAsync("synth", "tiny-opt", path)).ShouldFail(1, path, "it exists");
        (await _home.RunAsync("synth-trace", "tiny-opt", "-o", path)).ShouldFail(1, path, "it exists", "--force");
        File.ReadAllText(path).Should().Be("mine");
        (await _home.RunAsync("synth-trace", "tiny-opt", "-o", path, "-n", "10", "--force")).Code.Should().Be(0);
        string folder = _home.PathOf("letters");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "letter.txt"), "Dear");
        (await _home.RunAsync("synth", "tiny-opt", folder, "--force")).ShouldFail(1, folder, "a synthetic model to replace");
    }

    [Theory]
    [InlineData("synth", "--force", "neuralink synth opt-1.3b")]
    [InlineData("synth-trace", "--domain", "neuralink synth-trace opt-6.7b")]
    public async Task Help_lists_shapes_and_options_and_gives_examples(string command, string option, string example)
    {
        CliResult run = await _home.RunAsync(command, "--help");
        run.Code.Should().Be(0);
        run.Out.Should().Contain("opt-6.7b").And.Contain(option).And.Contain(example);
    }
}
