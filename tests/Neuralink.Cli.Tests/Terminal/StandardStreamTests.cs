using Neuralink.Cli.Terminal;

namespace Neuralink.Cli.Tests.Terminal;

/// <summary>Standard error is best effort, standard output is the result: so for every command that writes to them.</summary>
public sealed class StandardStreamTests(StandardStreamTests.Files files) : IClassFixture<StandardStreamTests.Files>, IDisposable
{
    private readonly TestHome _home = new();

    /// <summary>Every command once, with what makes it write to both streams; OUT is a name that is free.</summary>
    public static TheoryData<string> Commands =>
    [
        "generate -m IMG -p ab -n 3 --temperature 0", "generate -m SRC -p ab -n 3 --temperature 0 --json", "plan IMG", "plan SRC --json",
        "pack SRC OUT", "inspect IMG", "inspect IMG --json", "verify IMG", "trace IMG -t TEXT -o OUT -n 40", "trace show TRACE",
        "trace show TRACE --json",
        "place IMG --method frequency --trace TRACE -o OUT", "placement compare IMG --train TRACE --test TRACE --method neuralink",
        "probe HOME --time 200ms --size 8MiB -o OUT", "train-predictor IMG --trace TRACE -o OUT --rank 8 --epochs 1",
        "perplexity IMG -t TEXT -n 40", "perplexity IMG -t TEXT -n 40 --json", "synth-trace tiny-llama -o OUT -n 20", "--help",
        "generate --help", "--version",
    ];

    public static TheoryData<string> Failing => ["verify no-such-image", "generate --no-such-option", "generate -m IMG", "trace show TEXT"];

    public void Dispose() => _home.Dispose();

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Standard_error_that_cannot_be_written_changes_nothing(string command)
    {
        // A command that measures needs real time; all others note their progress when it hurries.
        bool measures = command.StartsWith("probe", StringComparison.Ordinal);
        _home.Change = s => s with { Error = new FullWriter(), Time = measures ? s.Time : new HurryingTime() };
        CliResult run = await RunAsync(command);
        run.Code.Should().Be(0);
        run.Out.Should().NotBeEmpty();
    }

    [Theory]
    [InlineData("pack SRC OUT")]
    [InlineData("generate -m SRC -p ab -n 3")]
    public async Task Nor_does_a_terminal_that_has_gone(string command)
    {
        FullWriter error = new();
        _home.Change = s => s with { Error = error, ErrorIsTerminal = true };
        CliResult run = await RunAsync(command);
        run.Code.Should().Be(0);
        run.Out.Should().NotBeEmpty();
        error.Attempts.Should().BePositive();
    }

    [Theory]
    [MemberData(nameof(Failing))]
    public async Task An_error_that_cannot_be_told_has_its_code_all_the_same(string command)
    {
        int expected = (await RunAsync(command)).Code;
        expected.Should().BeInRange(1, 2);
        FullWriter error = new();
        _home.Change = s => s with { Error = error };
        (await RunAsync(command)).Code.Should().Be(expected);
        (await RunAsync($"{command} --verbose")).Code.Should().Be(expected);
        error.Attempts.Should().BePositive();
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Standard_output_on_a_full_disk_is_an_error_of_one_line(string command) =>
        (await RunAsync(command, new FullWriter())).ShouldFail(
            1, "cannot write to standard output: No space left on device; free some space or write to another file");

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task A_reader_of_standard_output_that_has_gone_ends_the_command_without_a_word(string command)
    {
        CliResult run = await RunAsync(command, new AbandonedWriter());
        run.Code.Should().Be(141);
        run.Error.Should().NotContain("error");
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task A_closed_standard_output_is_said_before_any_work(string command)
    {
        _home.Change = s => s with { IsOutOpen = false };
        CliResult run = await RunAsync(command);
        run.ShouldFail(1, "cannot write to standard output: expected an open one, found it is closed; redirect it");
        Directory.GetFileSystemEntries(_home.Folder).Should().BeEmpty();
    }

    [Fact]
    public async Task A_generation_ends_within_a_token_of_its_reader()
    {
        AbandonedWriter output = new(writes: 4);
        CliResult run = await RunAsync("generate -m IMG -p ab -n 40 --ignore-eos", output);
        (run.Code, output.Attempts).Should().Be((141, 5), "of {0}", run.Error);
        int asked = 0;
        _home.Change = s => s with { OutHasReader = () => ++asked < 5 };
        CliResult json = await RunAsync("generate -m IMG -p ab -n 40 --ignore-eos --json");
        (json.Code, json.Out, asked).Should().Be((141, "", 5), "of {0}", json.Error);
    }

    [Fact]
    public async Task An_ending_by_the_user_keeps_its_code_when_the_last_line_cannot_be_ended()
    {
        using CancellationTokenSource stop = new();
        using CancellingWriter output = new(stop);
        CliResult run = await _home.RunAsync("", Arguments("generate -m IMG -p ab -n 40 --ignore-eos"), output, stop.Token);
        run.Code.Should().Be(130, "of {0}", run.Error);
        output.HasFailed.Should().BeTrue();
    }

    private Task<CliResult> RunAsync(string command, TextWriter? output = null) => _home.RunAsync("", Arguments(command), output);

    private string[] Arguments(string command) => [.. command.Split(' ').Select(word => word switch
    {
        "IMG" => files.Tiny.Image,
        "SRC" => files.Tiny.Source,
        "TEXT" => files.Text,
        "TRACE" => files.Trace,
        "HOME" => _home.Folder,
        "OUT" => _home.PathOf(Path.GetRandomFileName()),
        _ => word,
    })];

    /// <summary>What the commands are about.</summary>
    public sealed class Files : IAsyncLifetime
    {
        private readonly TestHome _home = new();

        public TinyImage Tiny { get; } = new();

        public string Text => _home.PathOf("text.txt");

        public string Trace => _home.PathOf("a.trace");

        public async Task InitializeAsync()
        {
            await File.WriteAllTextAsync(Text, string.Concat(Enumerable.Range(0, 40).Select(i => $"line {i * i} of a text\n")));
            CliResult trace = await _home.RunAsync("trace", Tiny.Image, "-t", Text, "-o", Trace, "--inputs");
            trace.Code.Should().Be(0, "of {0}", trace.Error);
        }

        public Task DisposeAsync()
        {
            _home.Dispose();
            Tiny.Dispose();
            return Task.CompletedTask;
        }
    }

    /// <summary>A stream on a full disk; its buffer holds nothing back.</summary>
    private sealed class FullWriter : StringWriter
    {
        public int Attempts { get; private set; }

        public override void Write(char value) => Fail();

        public override void Write(string? value) => Fail();

        public override void Flush() => Fail();

        private void Fail()
        {
            Attempts++;
            throw new IOException("No space left on device", 28);
        }
    }

    /// <summary>A stream whose reader goes after some texts.</summary>
    private sealed class AbandonedWriter(int writes = 0) : StringWriter
    {
        public int Attempts { get; private set; }

        public override void Write(char value) => Write($"{value}");

        public override void Write(string? value)
        {
            base.Write(value);
            if (++Attempts > writes)
                throw new ReaderGoneException();
        }
    }

    /// <summary>Cancels when the prompt is written, and cannot write the line end that follows then.</summary>
    private sealed class CancellingWriter(CancellationTokenSource stop) : StringWriter
    {
        public bool HasFailed { get; private set; }

        public override void Write(string? value)
        {
            base.Write(value);
            stop.Cancel();
            HasFailed |= value == "\n";
            if (HasFailed)
                throw new IOException("No space left on device", 28);
        }
    }
}
