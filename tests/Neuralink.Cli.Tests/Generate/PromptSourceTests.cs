namespace Neuralink.Cli.Tests.Generate;

[Collection(PackedModelFixture.Name)]
public sealed class PromptSourceTests(PackedModelFixture model) : IDisposable
{
    private const string Expected = "Once upon a time, in a\n";

    private readonly TestHome _home = new();

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData("--prompt", "Once upon a time\n")]
    [InlineData("-f", "Once upon a time\r\n")]
    [InlineData("--file", "Once upon a time")]
    public async Task A_dash_reads_standard_input_without_its_last_line_end(string option, string input)
    {
        CliResult run = await _home.RunAsync(input, ["generate", "-m", model.Image, option, "-", "-n", "3", "--temperature", "0"]);
        run.Code.Should().Be(0, "of {0}", run.Error);
        run.Out.Should().Be(Expected);
    }

    [Fact]
    public async Task A_file_holds_the_prompt()
    {
        string file = _home.PathOf("prompt.txt");
        await File.WriteAllTextAsync(file, "Once upon a time\n");
        CliResult run = await Generate("--file", file);
        run.Out.Should().Be(Expected);
    }

    [Fact]
    public async Task A_prompt_may_begin_with_an_at_sign()
    {
        CliResult run = await Generate("--prompt", "@once");
        run.Code.Should().Be(0, "of {0}", run.Error);
        run.Out.Should().StartWith("@once");
    }

    [Fact]
    public async Task A_missing_file_is_named() =>
        (await Generate("--file", _home.PathOf("none.txt"))).ShouldFail(1, "none.txt", "expected a readable text file, found no such file");

    [Theory]
    [InlineData("--prompt", "\ufeffOnce upon a time")]
    [InlineData("--prompt", "-")]
    public async Task A_byte_order_mark_is_dropped(string option, string value)
    {
        string[] args = ["generate", "-m", model.Image, option, value, "-n", "3", "--temperature", "0"];
        (await _home.RunAsync("\ufeffOnce upon a time", args)).Out.Should().Be(Expected);
    }

    [Fact]
    public async Task A_closed_standard_input_is_said()
    {
        _home.Change = s => s with { In = null };
        (await Generate("-p", "-")).ShouldFail(
            1, "cannot read the prompt from standard input: expected an open one, found it is closed; give the prompt with");
    }

    [Fact]
    public async Task A_folder_is_no_file() =>
        (await Generate("--file", _home.Folder)).ShouldFail(1, "expected a readable text file, found a folder");

    [Fact]
    public async Task There_is_exactly_one_source()
    {
        (await Generate()).ShouldFail(2, "expected a prompt from one of --prompt and --file, found neither");
        (await Generate("-p", "a", "-f", "b")).ShouldFail(2, "found both");
    }

    [Theory]
    [InlineData("--prompt", "")]
    [InlineData("--prompt", "-")]
    [InlineData("--file", "-")]
    public async Task An_empty_prompt_is_refused(string option, string value) =>
        (await Generate(option, value)).ShouldFail(1, "expected a prompt of at least 1 token, found an empty prompt");

    private Task<CliResult> Generate(params string[] args) =>
        _home.RunAsync(["generate", "-m", model.Image, "-n", "3", "--temperature", "0", .. args]);
}
