using System.Text.RegularExpressions;

namespace Neuralink.Cli.Checkup.Machine;

/// <summary>/proc/self/limits: what the process may take, as `ulimit` shows and sets it.</summary>
internal sealed partial class ResourceLimits
{
    private readonly Dictionary<string, long> _soft = new(StringComparer.Ordinal);

    /// <summary>An unlimited one.</summary>
    public const long Unlimited = long.MaxValue;

    /// <summary>The limit in force, in its own unit; null where the text does not have it.</summary>
    public long? this[string name] => _soft.TryGetValue(name, out long limit) ? limit : null;

    /// <summary>Reads the table: name, limit in force, ceiling and unit, apart by two spaces or more.</summary>
    public static ResourceLimits Parse(string? text)
    {
        ResourceLimits limits = new();
        foreach (string line in (text ?? "").Split('\n'))
        {
            if (Columns().Split(line.Trim()) is not [var name, var soft, ..])
                continue;
            if (soft == "unlimited")
                limits._soft.TryAdd(name, Unlimited);
            else if (long.TryParse(soft, out long limit))
                limits._soft.TryAdd(name, limit);
        }
        return limits;
    }

    [GeneratedRegex(" {2,}")]
    private static partial Regex Columns();
}
