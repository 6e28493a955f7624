namespace Neuralink.Cli.Tests.Terminal;

[Collection(PackedModelFixture.Name)]
public sealed class UsageTests(PackedModelFixture model) : IDisposable
{
    private readonly TestHome _home = new();

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData("--no-such-option", "1", "--no-such-option")]
    [InlineData("--max-tokens", "0", "expected an integer of 1 or more, found '0'")]
    [InlineData("-n", "many", "--max-tokens: expected an integer of 1 or more, found 'many'")]
    [InlineData("--temperature", "hot", "expected a number, found 'hot'")]
    [InlineData("--temperature", "NaN", "expected a number, found 'NaN'")]
    [InlineData("--temperature", "-1", "temperature", "expected 0 or more, found -1")]
    [InlineData("--top-k", "-1", "expected 0 or more, found -1")]
    [InlineData("--top-k", "99999999999", "expected an integer, found '99999999999'")]
    [InlineData("--top-p", "1.5", "expected 0 to 1, found 1.5")]
    [InlineData("--min-p", "2", "expected 0 to 1, found 2")]
    [InlineData("--repeat-penalty", "0", "expected more than 0, found 0")]
    [InlineData("--seed", "-1", "expected an integer of 0 or more, found '-1'")]
    [InlineData("--stop", "", "--stop: expected a text, found an empty one")]
    [InlineData("--memory", "64 parsecs", "expected a number of bytes such as 64MiB, found '64 parsecs'")]
    [InlineData("--memory", "0", "expected memory above 0 bytes, found 0")]
    [InlineData("--cache", "110%", "expected a share of at most 100%", "found '110%'")]
    [InlineData("--cache", "7", "found '7'")]
    [InlineData("--cache", "-5%", "found '-5%'")]
    [InlineData("--threads", "0", "expected 1 to 256 threads, found 0")]
    [InlineData("--cache-policy", "mru", "--cache-policy: expected lfu or s3-fifo or lru or window or none, found 'mru'")]
    [InlineData("--gap", "wide", "--gap: expected a number of bytes such as 16KiB, found 'wide'")]
    [InlineData("--gap", "2MiB", "expected a collapse gap of 0 to 1 MiB, found 2097152")]
    [InlineData(
        "--strategy", "magic",
        "expected serial or prefetch or cluster or prefetch+cluster or stream or llmflash or frequency, found 'magic'")]
    [InlineData(
        "--strategy", "1", "expected serial or prefetch or cluster or prefetch+cluster or stream or llmflash or frequency, found '1'")]
    [InlineData(
        "--predictor", "guess",
        "--predictor: expected exact, low-rank, low-rank=FILE, svd, svd=FILE, sketch, sketch=BITS or oracle=TRACE, found 'guess'")]
    [InlineData("--predictor", "oracle", "oracle=TRACE, found 'oracle'")]
    [InlineData("--predictor", "oracle=", "oracle=TRACE, found 'oracle='")]
    [InlineData("--predictor", "low-rank=", "low-rank=FILE, svd, svd=FILE, sketch, sketch=BITS or oracle=TRACE, found 'low-rank='")]
    [InlineData("--predictor", "exact=1", "found 'exact=1'")]
    [InlineData("--predictor", "sketch=1", "expected a predictor: a sketch of 2 to 4 bits", "found a sketch of 1 bits")]
    [InlineData("--predictor", "sketch=9", "expected a predictor: a sketch of 2 to 4 bits", "found a sketch of 9 bits")]
    [InlineData("--predictor", "sketch=x", "sketch=BITS", "found 'sketch=x'")]
    [InlineData("--lookahead", "guess", "--lookahead: expected exact, low-rank", "found 'guess'")]
    [InlineData("--lookahead", "sketch=1", "expected a predictor for the lookahead: a sketch of 2 to 4 bits", "found a sketch of 1 bits")]
    [InlineData("--lookahead", "sketch=9", "expected a predictor for the lookahead: a sketch of 2 to 4 bits", "found a sketch of 9 bits")]
    [InlineData("--ahead", "0", "expected a lookahead of 1 to 8 layers, found 0")]
    [InlineData("--ahead", "9", "expected a lookahead of 1 to 8 layers, found 9")]
    [InlineData("--queue-depth", "257", "expected a queue depth of 1 to 256, found 257")]
    [InlineData("--io", "psychic", "expected direct or buffered or uring, found 'psychic'")]
    [InlineData("--weights", "int3", "expected f16 or bf16 or f32 or q8_0 or q4_0, found 'int3'")]
    [InlineData("--weights", "f32", "--weights: expected an unpacked model, found the flash image")]
    public async Task A_wrong_option_is_one_line_with_what_was_expected_and_found(string option, string value, params string[] parts)
    {
        CliResult run = await _home.RunAsync("generate", "-m", model.Image, "-p", "Once", option, value);
        run.ShouldFail(2, [.. parts, "see 'neuralink generate --help'"]);
        run.Error.TrimEnd().Should().NotContain("\n");
        run.Out.Should().BeEmpty();
    }

    [Theory]
    [InlineData("generate", "--seed")]
    [InlineData("generate", "-p", "a", "--seed", "1", "--seed", "2")]
    [InlineData("generate", "Once", "upon")]
    [InlineData("pack", "only-a-source")]
    [InlineData("verify")]
    [InlineData("no-such-command")]
    public async Task A_wrong_command_line_is_one_line(params string[] args)
    {
        CliResult run = await _home.RunAsync(args);
        run.ShouldFail(2, "--help'");
        run.Error.TrimEnd().Should().NotContain("\n");
    }

    [Theory]
    [InlineData("--model", "generate", "-p", "a", "-m", "")]
    [InlineData("--file", "generate", "-f", "")]
    [InlineData("--trace", "generate", "-p", "a", "--trace", "")]
    [InlineData("--profile", "generate", "-p", "a", "--profile", "")]
    [InlineData("SRC", "pack", "", "b")]
    [InlineData("DST", "pack", "a", "")]
    [InlineData("IMG", "inspect", "")]
    [InlineData("MODEL", "trace", "", "-t", "a", "-o", "b")]
    [InlineData("--text", "trace", "-t", "a", "", "-o", "b")]
    [InlineData("--output", "trace", "-t", "a", "-o", "")]
    [InlineData("TRACE", "trace", "show", "")]
    [InlineData("PATH", "probe", "")]
    [InlineData("MODEL|IMG", "plan", "")]
    [InlineData("--test", "placement", "compare", "--train", "a", "--test", "")]
    [InlineData("--trace", "train-predictor", "--trace", "")]
    public async Task An_empty_value_is_one_line_whatever_it_is_of(string name, params string[] args)
    {
        CliResult run = await _home.RunAsync(args);
        run.ShouldFail(2, $"error: {name}: expected a text, found an empty one", "--help'");
    }

    [Theory]
    [InlineData("generate", "--queue-depth", "neuralink generate --prompt")]
    [InlineData("pack", "--force", "neuralink pack models/tiny-stories")]
    [InlineData("inspect", "--json", "neuralink inspect tiny-stories.nlk")]
    [InlineData("verify", "IMG", "neuralink verify tiny-stories.nlk")]
    public async Task Help_lists_the_options_and_gives_examples(string command, string option, string example)
    {
        CliResult run = await _home.RunAsync(command, "--help");
        run.Code.Should().Be(0);
        run.Out.Should().Contain(option).And.Contain("Examples:").And.Contain(example);
        run.Error.Should().BeEmpty();
    }

    [Fact]
    public async Task Without_arguments_the_help_is_shown()
    {
        CliResult run = await _home.RunAsync();
        run.Code.Should().Be(0);
        run.Out.Should().Contain("generate").And.Contain("pack").And.Contain("inspect").And.Contain("verify");
    }

    [Fact]
    public async Task The_version_is_printed() =>
        (await _home.RunAsync("--version")).Out.Should().MatchRegex("^neuralink [0-9]+\\.[0-9]+\\.[0-9]+\n$");
}
