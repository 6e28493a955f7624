using System.Globalization;
using System.Text.RegularExpressions;
using Neuralink.Tests.Support;

namespace Neuralink.Cli.Tests.Generate;

[Collection(PackedModelFixture.Name)]
public sealed partial class GenerateTests(PackedModelFixture model) : IDisposable
{
    private readonly TestHome _home = new();

    public static TheoryData<int> Prompts => [.. Enumerable.Range(0, BundledModel.Greedy.Count)];

    public void Dispose() => _home.Dispose();

    [Theory]
    [MemberData(nameof(Prompts))]
    public async Task Greedy_text_is_that_of_the_independent_implementation_and_stands_alone_on_stdout(int index)
    {
        GreedyReference expected = BundledModel.Greedy[index];
        CliResult run = await Generate(
            "--prompt", expected.Prompt, "-n", $"{expected.NewIds.Length}", "--temperature", "0", "--ignore-eos");
        run.Code.Should().Be(0, "of {0}", run.Error);
        run.Out.TrimEnd('\n')
            .Should().Be(expected.Text.Replace("<|endoftext|>", "", StringComparison.Ordinal).TrimEnd('\n'), "special tokens have no text");
        run.Error.Should().Contain("tokens/s").And.Contain("neuron cache").And.NotContain("\u001b");
    }

    [Theory]
    [InlineData("--strategy", "serial", "--threads", "1", "--queue-depth", "1", "--io", "buffered", "--cache", "2%")]
    [InlineData("--strategy", "prefetch+cluster", "--threads", "2", "--queue-depth", "64", "--io", "direct", "--cache", "8MiB")]
    [InlineData("--queue-depth", "4", "--io", "uring", "--cache", "2%")]
    [InlineData("--memory", "12MiB")]
    public async Task The_text_does_not_depend_on_how_the_engine_is_set_up(params string[] options)
    {
        CliResult plain = await Generate("-p", "Once upon a time", "-n", "12", "--temperature", "0");
        CliResult other = await Generate([.. (string[])["-p", "Once upon a time", "-n", "12", "--temperature", "0"], .. options]);
        other.Code.Should().Be(0, "of {0}", other.Error);
        other.Out.Should().Be(plain.Out);
    }

    [Fact]
    public async Task A_seed_repeats_a_text_and_a_run_without_one_says_which_it_drew()
    {
        string[] options = ["-p", "Once upon a time", "-n", "24", "--temperature", "1.5", "--top-k", "0", "--top-p", "1", "--min-p", "0"];
        CliResult drawn = await Generate(options);
        string seed = SeedPattern().Match(drawn.Error).Groups["seed"].Value;
        ulong.Parse(seed, CultureInfo.InvariantCulture).Should().BeLessThan(1_000_000_000);
        CliResult repeated = await Generate([.. options, "--seed", seed]);
        CliResult other = await Generate([.. options, "--seed", $"{ulong.Parse(seed, CultureInfo.InvariantCulture) + 1}"]);
        repeated.Out.Should().Be(drawn.Out);
        other.Out.Should().NotBe(drawn.Out);
    }

    [Fact]
    public async Task Any_of_several_stop_texts_ends_the_text_before_itself()
    {
        CliResult run = await Generate(
            "-p", "Once upon a time", "-n", "64", "--temperature", "0", "--stop", "no such text", "--stop", " music room");
        run.Code.Should().Be(0, "of {0}", run.Error);
        run.Out.Should().Be("Once upon a time, in a house near the\n");
        run.Error.Should().Contain("ended by stop");
    }

    [Fact]
    public async Task The_default_number_of_tokens_gives_way_to_the_context_and_says_so()
    {
        CliResult run = await _home.RunAsync(
            string.Concat(Enumerable.Repeat(" the", 505)),
            ["generate", "--model", model.Image, "--prompt", "-", "--temperature", "0", "--ignore-eos", "--cache", "100%"]);
        run.Code.Should().Be(0, "of {0}", run.Error);
        run.Error.Should().Contain("leave room for 7 in the model's context of 512").And.Contain("7 tokens in");
    }

    [Fact]
    public async Task Cancelling_says_how_far_it_came_and_returns_130()
    {
        using CancellationTokenSource stop = new();
        using CancellingWriter output = new(stop, afterWrites: 4);
        CliResult run = await _home.RunAsync(
            "",
            [
                "generate", "-m", model.Image, "-p", "Once upon a time", "-n", "400", "--ignore-eos", "--io", "buffered", "--strategy",
                "prefetch"
            ],
            output, stop.Token);
        run.Code.Should().Be(130);
        run.Error.Should().MatchRegex("^neuralink: cancelled after [0-9]+ tokens\n$");
        run.Out.Should().StartWith("Once upon a time").And.EndWith("\n");
    }

    private Task<CliResult> Generate(params string[] args) => _home.RunAsync(["generate", "--model", model.Image, .. args]);

    [GeneratedRegex("seed (?<seed>[0-9]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SeedPattern();

    private sealed class CancellingWriter(CancellationTokenSource stop, int afterWrites) : StringWriter
    {
        private int _writes;

        public override void Write(string? value)
        {
            base.Write(value);
            if (++_writes == afterWrites)
                stop.Cancel();
        }
    }
}
