using System.Text;
using Neuralink.Cli.Checkup.Machine;

namespace Neuralink.Cli.Terminal;

/// <summary>What the command takes from the process it runs in: streams, environment, clock. Tests give their own.</summary>
internal sealed record Surroundings
{
    // A box wider than this is harder to read than one that wraps.
    private const int WidthMax = 120;

    private readonly TextWriter? _out, _error;

    /// <summary>Null where it is closed.</summary>
    public required Stream? In { get; init; }

    /// <summary>The text, or the JSON, and nothing else: the result, so a failure to write it ends the command.</summary>
    public required TextWriter Out
    {
        get => _out!;
        init => _out = GuardedWriter.OfResult(value);
    }

    /// <summary>Progress, notes, figures, errors: best effort, so a failure to write them changes nothing.</summary>
    public required TextWriter Error
    {
        get => _error!;
        init => _error = GuardedWriter.OfNotes(value);
    }

    /// <summary>False where standard output was closed before the command began.</summary>
    public bool IsOutOpen { get; init; } = true;

    /// <summary>Whether somebody may read what is written to <see cref="Out"/>.</summary>
    public Func<bool> OutHasReader { get; init; } = static () => true;

    /// <summary>Whether a person watches <see cref="Out"/>: colours are welcome.</summary>
    public bool OutIsTerminal { get; init; }

    /// <summary>Whether a person watches <see cref="Error"/>: colours and moving bars are welcome.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>The keys of the terminal that a person sits at, or null where standard input or output is none.</summary>
    public TerminalKeys? Keys { get; init; }

    /// <summary>Who takes Ctrl-C.</summary>
    public Interrupts Interrupts { get; init; } = new();

    /// <summary>Characters of a line.</summary>
    public int Width { get; init; } = WidthMax;

    /// <summary>The value of an environment variable, or null.</summary>
    public required Func<string, string?> Variable { get; init; }

    /// <summary>
    /// The bytes of the process's command line, which ends with the command's own arguments; none where they cannot be had.
    /// </summary>
    public Func<IReadOnlyList<byte[]>> CommandLine { get; init; } = static () => [];

    /// <summary>The machine's name: a device profile is of one machine.</summary>
    public string MachineName { get; init; } = Environment.MachineName;

    /// <summary>What the machine says of itself.</summary>
    public SystemFiles SystemFiles { get; init; } = SystemFiles.OfMachine;

    /// <summary>Where the program lies.</summary>
    public string ProgramFolder { get; init; } = AppContext.BaseDirectory;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>How long a piece of work runs between two lines that say how far it has come, where there is no terminal.</summary>
    public TimeSpan ProgressPause { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>A seed for whoever names none: another for each run. Nine digits are enough to choose from, and can be typed.</summary>
    public Func<ulong> NewSeed { get; init; } = static () => (ulong)Random.Shared.Next(1_000_000_000);

    /// <summary>The real ones. All text is UTF-8 without a byte order mark, whatever the system's code page.</summary>
    public static Surroundings OfProcess(StandardStreams streams)
    {
        UTF8Encoding utf8 = new(encoderShouldEmitUTF8Identifier: false);
        if (OperatingSystem.IsWindows())
            (Console.OutputEncoding, Console.InputEncoding) = (utf8, utf8);
        bool hasTerminal = !Console.IsOutputRedirected || !Console.IsErrorRedirected;
        return new Surroundings
        {
            In = streams.In,
            Out = new StreamWriter(streams.Out ?? Stream.Null, utf8),
            Error = new StreamWriter(streams.Error ?? Stream.Null, utf8) { AutoFlush = true },
            IsOutOpen = streams.Out is not null,
            OutHasReader = streams.OutHasReader,
            OutIsTerminal = !Console.IsOutputRedirected,
            ErrorIsTerminal = !Console.IsErrorRedirected,
            Keys = streams.In is not null && !Console.IsInputRedirected && !Console.IsOutputRedirected ? TerminalKeys.OfConsole() : null,
            Width = hasTerminal && Console.WindowWidth > 0 ? Math.Min(Console.WindowWidth, WidthMax) : WidthMax,
            Variable = Environment.GetEnvironmentVariable,
            CommandLine = CommandLineBytes.OfProcess,
        };
    }

    /// <summary>Tells the user something, in a line of its own.</summary>
    public void Note(string text) => Error.WriteLine($"neuralink: {text}");

    /// <summary>Ends the command where nobody would read its result.</summary>
    /// <exception cref="ReaderGoneException">Nobody would.</exception>
    public void ExpectReader()
    {
        if (!OutHasReader())
            throw new ReaderGoneException();
    }
}
