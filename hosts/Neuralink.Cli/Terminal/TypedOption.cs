using System.CommandLine;
using System.CommandLine.Parsing;

namespace Neuralink.Cli.Terminal;

/// <summary>Options whose values are read by us, so that a wrong one is answered with what was expected and found.</summary>
internal static class TypedOption
{
    /// <summary>Reads a value from its text.</summary>
    public delegate bool Reader<T>(string text, out T value);

    /// <summary>An option of one value.</summary>
    /// <param name="names">The name and its aliases.</param>
    /// <param name="valueName">What help calls the value.</param>
    /// <param name="description">What help says.</param>
    /// <param name="expected">What an error says was expected.</param>
    /// <param name="read">Reads the value.</param>
    public static Option<T?> Of<T>(ReadOnlySpan<string> names, string valueName, string description, string expected, Reader<T> read)
        where T : struct => Create<T?, T>(names, valueName, description, expected, read, static value => value);

    /// <summary>The same for a value that is an object.</summary>
    public static Option<T?> OfClass<T>(ReadOnlySpan<string> names, string valueName, string description, string expected, Reader<T> read)
        where T : class => Create<T?, T>(names, valueName, description, expected, read, static value => value);

    /// <summary>An option that takes one of a few words.</summary>
    public static Option<T?> OneOf<T>(string name, string description, IReadOnlyList<(string Word, T Value)> choices)
        where T : struct => Of<T>(
            [name], string.Join("|", choices.Select(c => c.Word)), description, OptionWords.Expected(choices),
            (string text, out T value) => OptionWords.TryRead(choices, text, out value));

    /// <summary>An option of a list: values separated by commas, and the option may be given several times.</summary>
    /// <param name="names">The name and its aliases.</param>
    /// <param name="valueName">What help calls one value.</param>
    /// <param name="description">What help says.</param>
    /// <param name="expected">What an error says was expected of each value.</param>
    /// <param name="read">Reads one value.</param>
    public static Option<IReadOnlyList<Choice<T>>?> ListOf<T>(
        ReadOnlySpan<string> names, string valueName, string description, string expected, Reader<T> read) =>
        new(names[0], [.. names[1..]])
        {
            HelpName = $"{valueName},...",
            Description = description,
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = false,
            CustomParser = result => ReadList(result, expected, read),
        };

    /// <summary>A list of words out of a few.</summary>
    public static Option<IReadOnlyList<Choice<T>>?> ListOf<T>(
        string name, string description, IReadOnlyList<(string Word, T Value)> choices)
        where T : struct => ListOf<T>(
            [name], string.Join("|", choices.Select(c => c.Word)), description, OptionWords.Expected(choices),
            (string text, out T value) => OptionWords.TryRead(choices, text, out value));

    /// <summary>An option of one text.</summary>
    public static Option<string?> Text(ReadOnlySpan<string> names, string valueName, string description) =>
        new(names[0], [.. names[1..]]) { HelpName = valueName, Description = description, Arity = ArgumentArity.ExactlyOne };

    // A value type and a class are nullable in two ways, hence the conversion.
    private static Option<TOption> Create<TOption, T>(
        ReadOnlySpan<string> names, string valueName, string description, string expected, Reader<T> read, Func<T, TOption> convert) =>
        new(names[0], [.. names[1..]])
        {
            HelpName = valueName,
            Description = description,
            Arity = ArgumentArity.ExactlyOne,
            CustomParser = result => TryRead(result, expected, read, out T value) ? convert(value) : default,
        };

    private static bool TryRead<T>(ArgumentResult result, string expected, Reader<T> read, out T value)
    {
        string text = result.Tokens[^1].Value;
        bool isRead = read(text, out value);
        if (!isRead)
            result.AddError($"{NameOf(result)}: expected {expected}, found '{text}'");
        return isRead;
    }

    /// <summary>Each value once, in the order in which they were given.</summary>
    private static List<Choice<T>>? ReadList<T>(ArgumentResult result, string expected, Reader<T> read)
    {
        List<Choice<T>> list = [];
        foreach (string text in result.Tokens.Select(token => token.Value))
        {
            foreach (string word in text.Split(',', StringSplitOptions.TrimEntries))
            {
                if (!read(word, out T value))
                {
                    string found = word == text ? $"'{word}'" : $"'{word}' in '{text}'";
                    result.AddError($"{NameOf(result)}: expected {expected}, found {found}");
                    return null;
                }
                if (!list.Exists(choice => EqualityComparer<T>.Default.Equals(choice.Value, value)))
                    list.Add(new Choice<T>(word, value));
            }
        }
        return list;
    }

    private static string NameOf(ArgumentResult result) => ((OptionResult)result.Parent!).Option.Name;
}

/// <summary>A value of a list.</summary>
/// <param name="Word">As it was written.</param>
/// <param name="Value">What it means.</param>
internal sealed record Choice<T>(string Word, T Value);
