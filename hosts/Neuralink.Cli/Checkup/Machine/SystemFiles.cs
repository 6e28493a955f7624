namespace Neuralink.Cli.Checkup.Machine;

/// <summary>
/// The files in which Linux describes itself, such as those below /proc and /sys. Other systems have none, and a container or a sandbox may
/// hide any of them, so whoever asks for one must do without it.
/// </summary>
/// <param name="read">Gives the text of a file, or null where it is missing or may not be read.</param>
internal sealed class SystemFiles(Func<string, string?> read)
{
    /// <summary>Those of this machine.</summary>
    public static SystemFiles OfMachine { get; } = new(ReadFile);

    /// <summary>The text of a file, or null.</summary>
    public string? Read(string path) => read(path);

    /// <summary>The text of a file without the white space around it, or null.</summary>
    public string? Word(string path) => read(path)?.Trim();

    /// <summary>The fields of lines such as "MemTotal:  1024 kB", each name with the value that it has first.</summary>
    public static Dictionary<string, string> Fields(string text)
    {
        Dictionary<string, string> fields = new(StringComparer.Ordinal);
        foreach (string line in text.Split('\n'))
        {
            if (line.Split(':', 2, StringSplitOptions.TrimEntries) is [var name, var value])
                fields.TryAdd(name, value);
        }
        return fields;
    }

    /// <summary>The choice that a line such as "always [madvise] never" marks, or null.</summary>
    public static string? Chosen(string? text)
    {
        int begin = text?.IndexOf('[') ?? -1, end = text?.IndexOf(']') ?? -1;
        return begin >= 0 && end > begin ? text![(begin + 1)..end] : null;
    }

    private static string? ReadFile(string path)
    {
        try
        {
            return OperatingSystem.IsLinux() && File.Exists(path) ? File.ReadAllText(path) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
