using System.Text.Json;
using Neuralink.Tests.Support;

namespace Neuralink.Cli.Tests.Traces;

[Collection(PackedModelFixture.Name)]
public sealed class TraceCommandTests(PackedModelFixture model) : IDisposable
{
    private static readonly string s_stories = Path.Combine(Repository.Root, "tests", "data", "tiny-stories", "stories.test.txt");
    private static readonly string s_recipes = Path.Combine(Repository.Root, "tests", "data", "tiny-stories", "recipes.test.txt");

    private readonly TestHome _home = new();

    private string TracePath => _home.PathOf("a.trace");

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task A_trace_is_summed_up_and_shown()
    {
        CliResult run = await _home.RunAsync(
            "trace", model.Image, "--text", s_stories, s_recipes, "-o", TracePath, "--tokens", "300", "--skip-tokens", "100", "--window",
            "64");
        run.Code.Should().Be(0, "of {0}", run.Error);
        run.Out.Should().MatchRegex(
            $"^traced .*a.trace: 600 tokens, 6 layers of 2048 neurons, 904 KiB; 600 tokens in [0-9.]+ s, [0-9]+ tokens/s\n$");

        CliResult show = await _home.RunAsync("trace", "show", TracePath);
        show.Code.Should().Be(0, "of {0}", show.Error);
        show.Out.Should().Contain("model, 6 layers of 2048 neurons, 2048 bytes each on flash")
            .And.Contain("stories.test.txt (300 tokens from 100), recipes.test.txt (300 tokens from 100)")
            .And.Contain("80% share").And.Contain("mean");

        CliResult json = await _home.RunAsync("trace", "show", TracePath, "--json");
        using JsonDocument document = JsonDocument.Parse(json.Out);
        JsonElement root = document.RootElement;
        root.EnumerateObject().Select(p => p.Name).Should().Equal(
            "trace", "digest", "bytes", "model", "model_digest", "texts", "tokens", "neurons", "stride_bytes", "mean", "layers");
        root.GetProperty("tokens").GetInt32().Should().Be(600);
        JsonElement[] layers = [.. root.GetProperty("layers").EnumerateArray()];
        layers.Should().HaveCount(6);
        layers[0].EnumerateObject().Select(p => p.Name).Should().Equal(
            "layer", "firing_share", "hot_share", "mean_run_length", "co_activation", "independent_co_activation");
        foreach (JsonElement layer in layers)
        {
            double share = layer.GetProperty("firing_share").GetDouble();
            share.Should().BeInRange(0.002, 0.2);
            layer.GetProperty("hot_share").GetDouble().Should().BeInRange(share, 0.8);
            layer.GetProperty("mean_run_length").GetDouble().Should().BeInRange(1, 2);
            layer.GetProperty("co_activation").GetDouble()
                .Should().BeGreaterThan(layer.GetProperty("independent_co_activation").GetDouble());
        }
    }

    [Fact]
    public async Task A_stopped_trace_says_so_and_the_same_command_goes_on()
    {
        string[] command = ["trace", model.Image, "-t", s_stories, "-o", TracePath, "-n", "2600"];
        string whole = _home.PathOf("whole.trace");
        (await _home.RunAsync("trace", model.Image, "-t", s_stories, "-o", whole, "-n", "2600", "--threads", "1")).Code.Should().Be(0);
        using CancellationTokenSource stop = new();
        using StopAtNote error = new("tracing: 82%", stop);
        _home.Change = s => s with { Error = error, Time = new HurryingTime() };
        CliResult stopped = await _home.RunAsync("", command, cancellation: stop.Token);
        _home.Change = s => s;
        stopped.Code.Should().Be(130, "of {0}", error);
        error.ToString().Should().EndWith("neuralink: stopped with 2048 of 2600 tokens traced; the same command goes on from there\n");
        File.Exists(TracePath).Should().BeFalse();

        CliResult other = await _home.RunAsync([.. command, "--window", "128"]);
        other.ShouldFail(1, "go on with", "one of other text, or in other windows", "start over with --force");

        CliResult run = await _home.RunAsync(command);
        run.Code.Should().Be(0, "of {0}", run.Error);
        run.Error.Should().MatchRegex("going on with .*a.trace.partial at token 2048 of 2600\n");
        File.ReadAllBytes(TracePath).Should().Equal(File.ReadAllBytes(whole));
        Directory.GetFiles(_home.Folder).Should().BeEquivalentTo([TracePath, whole]);
    }

    [Fact]
    public async Task An_existing_trace_is_replaced_only_by_force()
    {
        await File.WriteAllTextAsync(TracePath, "precious");
        (await _home.RunAsync("trace", "no-such-model", "--text", "no-such-text", "-o", TracePath)).ShouldFail(
            1, TracePath, "it exists", "--force");
        CliResult run = await _home.RunAsync("trace", model.Image, "--text", s_stories, "-o", TracePath, "-n", "10", "--force");
        run.Code.Should().Be(0, "of {0}", run.Error);
        (await _home.RunAsync("trace", "show", TracePath)).Code.Should().Be(0);
    }

    [Fact]
    public async Task An_unpacked_model_is_packed_into_the_cache_and_its_trace_belongs_to_its_image()
    {
        CliResult run = await _home.RunAsync("trace", _home.CopyModel(), "--text", s_stories, "-o", TracePath, "-n", "5");
        run.Code.Should().Be(0, "of {0}", run.Error);
        _home.Cached.Should().ContainSingle();
        using JsonDocument show = JsonDocument.Parse((await _home.RunAsync("trace", "show", TracePath, "--json")).Out);
        show.RootElement.GetProperty("model_digest").GetString().Should().Be(Storage.Image.FlashImage.Open(model.Image).ModelDigest);
    }

    [Fact]
    public async Task Texts_that_cannot_be_traced_are_named()
    {
        string empty = _home.PathOf("empty.txt");
        await File.WriteAllTextAsync(empty, "");
        await ShouldFail(["--text", _home.PathOf("none.txt")], "cannot read", "none.txt", "no such file");
        await ShouldFail(["--text", s_stories, empty], "empty.txt", "expected more than 0 tokens, found 0");
        await ShouldFail(["--text", s_stories, "--skip-tokens", "1000000"], "expected more than 1000000 tokens", "smaller --skip-tokens");
        await ShouldFail(["--text", s_stories, "--window", "513"], "a window of at most 512 tokens, the model's context, found 513");
        await ShouldFail(["--text", s_stories, "--memory", "1MiB"], "expected at least", "found 1 MiB; give --memory", "MiB or more");
        Directory.GetFiles(_home.Folder).Should().Equal(empty);

        async Task ShouldFail(string[] options, params string[] parts) =>
            (await _home.RunAsync(["trace", model.Image, "-o", TracePath, .. options])).ShouldFail(1, parts);
    }

    [Fact]
    public async Task Another_files_trace_is_refused()
    {
        (await _home.RunAsync("trace", "show", _home.PathOf("none"))).ShouldFail(1, "none");
        (await _home.RunAsync("trace", "show", Path.Combine(BundledModel.Folder, "model.safetensors"))).ShouldFail(
            1, "expected an activation trace", "neuralink trace");
        (await _home.RunAsync("trace", model.Image, "--text", s_stories, "-o", TracePath, "-n", "5")).Code.Should().Be(0);
        byte[] whole = await File.ReadAllBytesAsync(TracePath);
        await File.WriteAllBytesAsync(TracePath, whole[..^7]);
        (await _home.RunAsync("trace", "show", TracePath)).ShouldFail(1, TracePath, "the file is damaged");
    }

    [Theory]
    [InlineData("neuralink trace --help", "trace", "-o", "a.trace")]
    [InlineData("neuralink trace --help", "trace", "--text", "a.txt")]
    [InlineData("expected an integer of 1 or more, found '0'", "trace", "--text", "a", "-o", "b", "--tokens", "0")]
    [InlineData("expected an integer of 0 or more, found '-1'", "trace", "--text", "a", "-o", "b", "--skip-tokens", "-1")]
    [InlineData("expected an integer of 1 or more, found 'x'", "trace", "--text", "a", "-o", "b", "--window", "x")]
    [InlineData("expected 1 to 256 threads, found 257", "trace", "--text", "a", "-o", "b", "--threads", "257")]
    [InlineData("expected memory above 0 bytes, found 0", "trace", "--text", "a", "-o", "b", "--memory", "0")]
    [InlineData("neuralink trace show --help", "trace", "show")]
    public async Task A_wrong_command_line_is_one_line(string part, params string[] args) =>
        (await _home.RunAsync(args)).ShouldFail(2, part);

    [Theory]
    [InlineData("--skip-tokens", "neuralink trace --text stories.txt", "trace", "--help")]
    [InlineData("--json", "neuralink trace show stories.trace", "trace", "show", "--help")]
    public async Task Help_lists_the_options_and_gives_examples(string option, string example, params string[] args)
    {
        CliResult run = await _home.RunAsync(args);
        run.Code.Should().Be(0);
        run.Out.Should().Contain(option).And.Contain("Examples:").And.Contain(example);
    }
}
