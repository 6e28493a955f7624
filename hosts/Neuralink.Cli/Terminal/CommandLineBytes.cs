using Neuralink.Storage;

namespace Neuralink.Cli.Terminal;

/// <summary>
/// Looks at the bytes of the command line. On Unix they may be anything, and .NET hands over U+FFFD for what is not UTF-8: a prompt that
/// nobody wrote, or the name of a file that is not there.
/// </summary>
internal static class CommandLineBytes
{
    private const char Replacement = '\ufffd';

    /// <param name="args">The arguments as they were handed over.</param>
    /// <param name="read">Reads the bytes of the whole command line, at whose end the arguments are.</param>
    /// <exception cref="NeuralinkException">An argument is not UTF-8.</exception>
    public static void ExpectUtf8(IReadOnlyList<string> args, Func<IReadOnlyList<byte[]>> read)
    {
        if (!args.Any(arg => arg.Contains(Replacement, StringComparison.Ordinal)))
            return;
        IReadOnlyList<byte[]> all = read();
        if (all.Count < args.Count)
            return;         // no system that shows them, and a text may have the character itself
        for (int i = 0; i < args.Count; i++)
        {
            string name = i > 0 && args[i - 1].StartsWith('-') ? $"the value of {args[i - 1]}" : $"argument {i + 1}";
            _ = Utf8Text.Decode(all[all.Count - args.Count + i], $"read {name} on the command line");
        }
    }

    /// <summary>The command line of this process, where the system shows it: on Linux.</summary>
    public static IReadOnlyList<byte[]> OfProcess()
    {
        const string Path = "/proc/self/cmdline";
        if (!OperatingSystem.IsLinux() || !File.Exists(Path))
            return [];
        List<byte[]> arguments = [];
        ReadOnlySpan<byte> rest = File.ReadAllBytes(Path);
        while (rest.IndexOf((byte)0) is >= 0 and var length)
        {
            arguments.Add(rest[..length].ToArray());
            rest = rest[(length + 1)..];
        }
        return arguments;
    }
}
