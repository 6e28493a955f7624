using System.Text;
using Spectre.Console;

namespace Neuralink.Cli.Terminal;

/// <summary>Spectre's console over one of our streams: plain text where no person watches.</summary>
internal static class Screen
{
    /// <summary>Over stderr.</summary>
    public static IAnsiConsole OnError(Surroundings s) => Create(s.Error, s.ErrorIsTerminal, s.Width);

    /// <summary>Over stdout.</summary>
    public static IAnsiConsole OnOut(Surroundings s) => Create(s.Out, s.OutIsTerminal, s.Width);

    private static IAnsiConsole Create(TextWriter writer, bool isTerminal, int width)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = isTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = isTerminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = isTerminal ? InteractionSupport.Yes : InteractionSupport.No,
            Out = new Output(writer, isTerminal, width),
            // The defaults guess from a build server's variables, and would write escapes into its logs.
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
        });
        console.Profile.Capabilities.Unicode = true;
        return console;
    }

    private sealed class Output(TextWriter writer, bool isTerminal, int width) : IAnsiConsoleOutput
    {
        public TextWriter Writer => writer;

        public bool IsTerminal => isTerminal;

        public int Width => width;

        public int Height => 24;

        public void SetEncoding(Encoding encoding)
        {
            // The stream's encoding is UTF-8 and stays so.
        }
    }
}
