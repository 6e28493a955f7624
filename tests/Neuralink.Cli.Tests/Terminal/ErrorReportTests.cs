namespace Neuralink.Cli.Tests.Terminal;

[Collection(PackedModelFixture.Name)]
public sealed class ErrorReportTests(PackedModelFixture model) : IDisposable
{
    private readonly TestHome _home = new();

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData(1, "verify", "no-such-image")]
    [InlineData(2, "generate", "--no-such-option")]
    public async Task Verbose_adds_the_stack_trace(int code, params string[] args)
    {
        CliResult run = await _home.RunAsync([.. args, "--verbose"]);
        run.Code.Should().Be(code);
        run.Error.Should().StartWith("neuralink: error: ").And.Contain("   at Neuralink.");
    }

    [Fact]
    public async Task A_bug_is_one_line_that_says_how_to_see_more()
    {
        string[] args = ["generate", "-m", model.Image, "-p", "Once", "-n", "1"];
        CliResult run = await _home.RunAsync("", args, new BrokenWriter());
        run.ShouldFail(70, "the writer is broken", "run again with --verbose for the stack trace");
        CliResult verbose = await _home.RunAsync("", [.. args, "--verbose"], new BrokenWriter());
        verbose.Code.Should().Be(70);
        verbose.Error.Should().Contain("   at ");
    }

    [Fact]
    public async Task A_control_character_of_a_file_name_does_not_reach_the_terminal()
    {
        CliResult run = await _home.RunAsync("verify", "no\n\u001b[31msuch image");
        run.ShouldFail(1, "such image");
        run.Error.Should().NotContain("\u001b");
    }

    [Fact]
    public async Task A_full_disk_behind_stdout_is_one_line()
    {
        CliResult run = await _home.RunAsync("", ["generate", "-m", model.Image, "-p", "Once", "-n", "1"], new FullWriter());
        run.ShouldFail(1, "No space left");
    }

    private sealed class BrokenWriter : StringWriter
    {
        public override void Write(string? value) => throw new InvalidOperationException("the writer is broken");
    }

    private sealed class FullWriter : StringWriter
    {
        public override void Flush() => throw new IOException("No space left on device");
    }
}
