using System.Text;

namespace Neuralink.Cli.Terminal;

/// <summary>What the command takes from the process it runs in: streams, environment, clock. Tests give their own.</summary>
internal sealed record Surroundings
{
    // A box wider than this is harder to read than one that wraps.
    private const int WidthMax = 120;

    public required TextReader In { get; init; }

    /// <summary>The text, or the JSON, and nothing else.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>Progress, notes, figures, errors.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Whether a person watches <see cref="Out"/>: colours are welcome.</summary>
    public bool OutIsTerminal { get; init; }

    /// <summary>Whether a person watches <see cref="Error"/>: colours and moving bars are welcome.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>Characters of a line.</summary>
    public int Width { get; init; } = WidthMax;

    /// <summary>The value of an environment variable, or null.</summary>
    public required Func<string, string?> Variable { get; init; }

    /// <summary>The machine's name: a device profile is of one machine.</summary>
    public string MachineName { get; init; } = Environment.MachineName;

    /// <summary>Where the program lies.</summary>
    public string ProgramFolder { get; init; } = AppContext.BaseDirectory;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The real ones. All text is UTF-8 without a byte order mark, whatever the system's code page.</summary>
    public static Surroundings OfProcess()
    {
        UTF8Encoding utf8 = new(encoderShouldEmitUTF8Identifier: false);
        if (OperatingSystem.IsWindows())
            (Console.OutputEncoding, Console.InputEncoding) = (utf8, utf8);
        bool hasTerminal = !Console.IsOutputRedirected || !Console.IsErrorRedirected;
        return new Surroundings
        {
            In = new StreamReader(Console.OpenStandardInput(), utf8),
            Out = new StreamWriter(Console.OpenStandardOutput(), utf8),
            Error = new StreamWriter(Console.OpenStandardError(), utf8) { AutoFlush = true },
            OutIsTerminal = !Console.IsOutputRedirected,
            ErrorIsTerminal = !Console.IsErrorRedirected,
            Width = hasTerminal && Console.WindowWidth > 0 ? Math.Min(Console.WindowWidth, WidthMax) : WidthMax,
            Variable = Environment.GetEnvironmentVariable,
        };
    }

    /// <summary>Tells the user something, in a line of its own.</summary>
    public void Note(string text) => Error.WriteLine($"neuralink: {text}");
}
