using System.Text;

namespace Neuralink.Models.ChatTemplates.Jinja;

/// <summary>Python's methods of text. Places and lengths count code points.</summary>
internal static class StringMethods
{
    private static readonly Dictionary<string, Func<string, CallArguments, object?>> s_methods = new(StringComparer.Ordinal)
    {
        ["upper"] = (s, _) => s.ToUpperInvariant(),
        ["lower"] = (s, _) => s.ToLowerInvariant(),
        ["casefold"] = (s, _) => s.ToLowerInvariant(),
        ["title"] = (s, _) => PythonText.Title(s),
        ["capitalize"] = (s, _) => PythonText.Capitalize(s),
        ["swapcase"] = (s, _) => string.Concat(s.Select(c => char.IsUpper(c) ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c))),
        ["strip"] = (s, a) => PythonText.Trim(s, a.TakeTextOrNone("chars"), atStart: true, atEnd: true),
        ["lstrip"] = (s, a) => PythonText.Trim(s, a.TakeTextOrNone("chars"), atStart: true, atEnd: false),
        ["rstrip"] = (s, a) => PythonText.Trim(s, a.TakeTextOrNone("chars"), atStart: false, atEnd: true),
        ["split"] = (s, a) => Texts(Split(s, a.TakeTextOrNone("sep"), a.TakeInteger("maxsplit", -1))),
        ["rsplit"] = (s, a) => Texts(SplitFromEnd(s, a.TakeTextOrNone("sep"), a.TakeInteger("maxsplit", -1))),
        ["splitlines"] = (s, a) => Texts(PythonText.SplitLines(s, a.TakeFlag("keepends", false))),
        ["partition"] = (s, a) => Partition(s, a.TakeText("sep"), fromEnd: false),
        ["rpartition"] = (s, a) => Partition(s, a.TakeText("sep"), fromEnd: true),
        ["replace"] = (s, a) => Replace(s, a.TakeText("old"), a.TakeText("new"), a.TakeInteger("count", -1)),
        ["startswith"] = (s, a) => HasAffix(a, "prefix", part => s.StartsWith(part, StringComparison.Ordinal)),
        ["endswith"] = (s, a) => HasAffix(a, "suffix", part => s.EndsWith(part, StringComparison.Ordinal)),
        ["removeprefix"] = (s, a) => a.TakeText("prefix") is var p && s.StartsWith(p, StringComparison.Ordinal) ? s[p.Length..] : s,
        ["removesuffix"] = (s, a) => a.TakeText("suffix") is var p && s.EndsWith(p, StringComparison.Ordinal) ? s[..^p.Length] : s,
        ["join"] = (s, a) => Join(s, a.Take("iterable")),
        ["find"] = (s, a) => Place(s, s.IndexOf(a.TakeText("sub"), StringComparison.Ordinal)),
        ["rfind"] = (s, a) => Place(s, s.LastIndexOf(a.TakeText("sub"), StringComparison.Ordinal)),
        ["index"] = (s, a) => Found(Place(s, s.IndexOf(a.TakeText("sub"), StringComparison.Ordinal))),
        ["count"] = (s, a) => Count(s, a.TakeText("sub")),
        ["zfill"] = (s, a) => Pad(s, a, '0', isLeft: true),
        ["ljust"] = (s, a) => Pad(s, a, ' ', isLeft: false),
        ["rjust"] = (s, a) => Pad(s, a, ' ', isLeft: true),
        ["isdigit"] = (s, _) => s.Length > 0 && s.All(char.IsDigit),
        ["isnumeric"] = (s, _) => s.Length > 0 && s.All(char.IsNumber),
        ["isalpha"] = (s, _) => s.Length > 0 && s.All(char.IsLetter),
        ["isalnum"] = (s, _) => s.Length > 0 && s.All(char.IsLetterOrDigit),
        ["isspace"] = (s, _) => s.Length > 0 && s.All(PythonText.IsSpace),
        ["isupper"] = (s, _) => s.Any(char.IsUpper) && !s.Any(char.IsLower),
        ["islower"] = (s, _) => s.Any(char.IsLower) && !s.Any(char.IsUpper),
    };

    private static readonly string[] s_refused =
    [
        "center", "encode", "expandtabs", "format", "format_map", "isascii", "isdecimal", "isidentifier", "isprintable", "istitle",
        "rindex", "translate",
    ];

    public static JinjaFunction? Find(string text, string name)
    {
        if (s_refused.Contains(name))
            throw new JinjaException($"the method '{name}' of a string, which is not supported");
        return s_methods.TryGetValue(name, out Func<string, CallArguments, object?>? method)
            ? new JinjaFunction(name, (arguments, _) => Call(method, text, arguments))
            : null;
    }

    public static string Replace(string text, string old, string by, long timesMax)
    {
        long times = old.Length == 0 ? PythonText.Length(text) + 1 : Count(text, old);
        times = timesMax < 0 ? times : Math.Min(times, timesMax);
        RenderState.CheckLength(text.Length + (times * (Int128)Math.Max(0, by.Length - old.Length)));
        if (old.Length == 0)
            return Interleave(text, by, times);
        StringBuilder result = new();
        int at = 0;
        for (; times > 0; times--)
        {
            int found = text.IndexOf(old, at, StringComparison.Ordinal);
            result.Append(text, at, found - at).Append(by);
            at = found + old.Length;
        }
        return result.Append(text, at, text.Length - at).ToString();
    }

    public static string Join(string separator, object? items)
    {
        IReadOnlyList<object?> parts = JinjaOperators.Items(items);
        if (parts.FirstOrDefault(part => part is not string) is { } other)
            throw new JinjaException($"a string joined with {JinjaOperators.Describe(other)}");
        RenderState.CheckLength(parts.Sum(part => (long)((string?)part ?? "").Length + separator.Length));
        return string.Join(separator, parts);
    }

    private static object? Call(Func<string, CallArguments, object?> method, string text, CallArguments arguments)
    {
        object? result = method(text, arguments);
        arguments.End();
        return result;
    }

    private static JinjaList Texts(IEnumerable<string> texts) => new([.. texts]);

    private static List<string> Split(string text, string? separator, long timesMax)
    {
        if (separator is null)
            return PythonText.SplitBySpace(text, timesMax);
        CheckSeparator(separator);
        List<string> parts = [];
        int at = 0;
        while (parts.Count != timesMax && text.IndexOf(separator, at, StringComparison.Ordinal) is >= 0 and var found)
        {
            parts.Add(text[at..found]);
            at = found + separator.Length;
        }
        parts.Add(text[at..]);
        return parts;
    }

    private static List<string> SplitFromEnd(string text, string? separator, long timesMax)
    {
        if (separator is null)
        {
            return timesMax < 0
                ? PythonText.SplitBySpace(text, timesMax)
                : throw new JinjaException("'rsplit' by whitespace with a count, which is not supported");
        }
        CheckSeparator(separator);
        List<string> parts = [];
        int end = text.Length;
        while (parts.Count != timesMax && text.AsSpan(0, end).LastIndexOf(separator, StringComparison.Ordinal) is >= 0 and var found)
        {
            parts.Add(text[(found + separator.Length)..end]);
            end = found;
        }
        parts.Add(text[..end]);
        parts.Reverse();
        return parts;
    }

    private static JinjaList Partition(string text, string separator, bool fromEnd)
    {
        CheckSeparator(separator);
        int at = fromEnd ? text.LastIndexOf(separator, StringComparison.Ordinal) : text.IndexOf(separator, StringComparison.Ordinal);
        return at >= 0 ? JinjaList.Tuple(text[..at], separator, text[(at + separator.Length)..])
            : fromEnd ? JinjaList.Tuple("", "", text)
            : JinjaList.Tuple(text, "", "");
    }

    private static void CheckSeparator(string separator)
    {
        if (separator.Length == 0)
            throw new JinjaException("a split by an empty string");
    }

    private static string Interleave(string text, string by, long times)
    {
        StringBuilder result = new();
        foreach (string character in PythonText.Characters(text))
        {
            if (times-- > 0)
                result.Append(by);
            result.Append(character);
        }
        return times > 0 ? result.Append(by).ToString() : result.ToString();
    }

    private static bool HasAffix(CallArguments arguments, string name, Func<string, bool> has) => arguments.Take(name) switch
    {
        string part => has(part),
        JinjaList { IsTuple: true } parts => parts.Items.OfType<string>().Any(has),
        var other => throw new JinjaException($"{arguments.Callee} with {JinjaOperators.Describe(other)}, where it wants a string"),
    };

    private static long Place(string text, int at) => at < 0 ? at : PythonText.Length(text[..at]);

    private static long Found(long place) => place >= 0 ? place : throw new JinjaException("'index' of what is not there");

    private static long Count(string text, string part)
    {
        if (part.Length == 0)
            return PythonText.Length(text) + 1;
        long count = 0;
        for (int at = 0; (at = text.IndexOf(part, at, StringComparison.Ordinal)) >= 0; at += part.Length)
            count++;
        return count;
    }

    private static string Pad(string text, CallArguments arguments, char fill, bool isLeft)
    {
        long width = arguments.TakeInteger("width", 0);
        RenderState.CheckLength(width);
        if (fill == ' ' && arguments.TakeTextOrNone("fillchar") is { Length: 1 } given)
            fill = given[0];
        int missing = (int)Math.Max(0, width - PythonText.Length(text));
        if (!isLeft)
            return text + new string(fill, missing);
        int sign = fill == '0' && text.Length > 0 && text[0] is '+' or '-' ? 1 : 0;
        return text[..sign] + new string(fill, missing) + text[sign..];
    }
}
