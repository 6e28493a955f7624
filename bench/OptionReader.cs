using System.Globalization;

namespace Neuralink.Benchmarks;

/// <summary>
/// The options of a benchmark, each a name and a value: `--rounds 5 --tokens 32`. What is not asked for by name is refused.
/// </summary>
internal sealed class OptionReader
{
    private readonly string _command;
    private readonly List<(string Name, string Value)> _given = [];
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    /// <param name="command">The benchmark, for messages.</param>
    /// <param name="arguments">What follows it.</param>
    /// <exception cref="FormatException">A name has no value.</exception>
    public OptionReader(string command, IReadOnlyList<string> arguments)
    {
        _command = command;
        if (arguments.Count % 2 != 0)
            throw new FormatException($"{command}: expected options with a value each, found {arguments[^1]} without one");
        for (int i = 0; i < arguments.Count; i += 2)
            _given.Add((arguments[i], arguments[i + 1]));
    }

    /// <summary>A text; the last one where the option is given several times.</summary>
    public string Text(string name, string otherwise) => Text(name) ?? otherwise;

    /// <summary>A text, or null.</summary>
    public string? Text(string name) => All(name) is [.., var last] ? last : null;

    /// <summary>All texts that are given for a name.</summary>
    public IReadOnlyList<string> All(string name)
    {
        _known.Add(name);
        return [.. _given.Where(option => option.Name == name).Select(option => option.Value)];
    }

    /// <summary>An integer.</summary>
    /// <exception cref="FormatException">It is none, or less than <paramref name="min"/>.</exception>
    public int Integer(string name, int otherwise, int min = 1) => Text(name) is not { } text ? otherwise
        : int.TryParse(text, CultureInfo.InvariantCulture, out int value) && value >= min ? value
        : throw new FormatException($"{_command}: {name}: expected an integer of {min} or more, found '{text}'");

    /// <summary>A number.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public double Number(string name, double otherwise) => Text(name) is not { } text ? otherwise
        : double.TryParse(text, CultureInfo.InvariantCulture, out double value) ? value
        : throw new FormatException($"{_command}: {name}: expected a number, found '{text}'");

    /// <summary>Ends the reading.</summary>
    /// <exception cref="FormatException">An option was given that nobody asked for.</exception>
    public void Finish()
    {
        if (_given.FirstOrDefault(option => !_known.Contains(option.Name)) is { Name: { } unknown })
            throw new FormatException($"{_command}: unknown option {unknown}; there are {string.Join(", ", _known)}");
    }
}
