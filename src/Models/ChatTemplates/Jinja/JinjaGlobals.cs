using System.Globalization;
using System.Text;

namespace Neuralink.Models.ChatTemplates.Jinja;

/// <summary>The functions that every template has.</summary>
internal static class JinjaGlobals
{
    // As jinja2's sandbox.
    private const long RangeMax = 100_000;

    /// <summary>.NET's formats of the parts of a time that strftime names by a letter.</summary>
    private static readonly Dictionary<char, string> s_timeFormats = new()
    {
        ['a'] = "ddd",
        ['A'] = "dddd",
        ['b'] = "MMM",
        ['h'] = "MMM",
        ['B'] = "MMMM",
        ['d'] = "dd",
        ['m'] = "MM",
        ['y'] = "yy",
        ['Y'] = "yyyy",
        ['H'] = "HH",
        ['I'] = "hh",
        ['M'] = "mm",
        ['S'] = "ss",
        ['p'] = "tt",
        ['F'] = "yyyy-MM-dd",
        ['T'] = "HH:mm:ss",
        ['D'] = "MM/dd/yy",
        ['R'] = "HH:mm",
    };

    public static IReadOnlyList<JinjaFunction> All { get; } =
    [
        new("range", (arguments, _) => Range(arguments)),
        new("namespace", (arguments, _) => Namespace(arguments)),
        new("dict", (arguments, _) => Dictionary(arguments)),
        new("raise_exception", (arguments, _) =>
            throw new JinjaException(JinjaOperators.ToText(arguments.Take("message"))) { IsRaised = true }),
        new("strftime_now", (arguments, state) => Time(arguments, state.Now)),
    ];

    private static JinjaList Range(CallArguments arguments)
    {
        long first = arguments.TakeInteger("start", 0);
        bool isEndOnly = arguments.Rest.Count == 0;
        (long begin, long end) = isEndOnly ? (0, first) : (first, arguments.TakeInteger("stop", 0));
        long by = arguments.TakeInteger("step", 1);
        arguments.End();
        if (by == 0)
            throw new JinjaException("'range' by 0");
        Int128 count = by > 0 ? ((Int128)end - begin + by - 1) / by : ((Int128)begin - end - by - 1) / -by;
        if (count > RangeMax)
            throw new JinjaException($"'range' of more than {RangeMax} numbers");
        return JinjaList.Of(Enumerable.Range(0, (int)Int128.Max(count, 0)).Select(i => (object?)(begin + (i * by))));
    }

    private static JinjaNamespace Namespace(CallArguments arguments)
    {
        JinjaNamespace space = new();
        foreach ((object? key, object? value) in Dictionary(arguments).Items)
            space.Values[JinjaOperators.ToText(key)] = value;
        return space;
    }

    private static JinjaDictionary Dictionary(CallArguments arguments)
    {
        JinjaDictionary map = new();
        foreach (object? given in arguments.TakeRest())
        {
            IEnumerable<KeyValuePair<object?, object?>> items = given is JinjaDictionary other
                ? other.Items
                : JinjaOperators.Items(given).Select(Pair);
            foreach ((object? key, object? value) in items)
                map[key] = value;
        }
        foreach ((string name, object? value) in arguments.NamedRest)
            map[name] = value;
        return map;
    }

    private static KeyValuePair<object?, object?> Pair(object? item) => item is JinjaList { Items: [var key, var value] }
        ? KeyValuePair.Create(key, value)
        : throw new JinjaException($"{JinjaOperators.Describe(item)} where a pair is wanted");

    private static string Time(CallArguments arguments, DateTimeOffset now)
    {
        string format = arguments.TakeText("format");
        arguments.End();
        StringBuilder text = new();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                text.Append(format[i]);
                continue;
            }
            bool isBare = i + 1 < format.Length && format[i + 1] == '-';
            i += isBare ? 2 : 1;
            string part = i < format.Length ? TimePart(format[i], now) : throw new JinjaException("a time's format that ends in '%'");
            text.Append(isBare ? part.TrimStart('0') is { Length: > 0 } bare ? bare : "0" : part);
        }
        return text.ToString();
    }

    private static string TimePart(char part, DateTimeOffset now) => part switch
    {
        '%' => "%",
        'e' => $"{now.Day,2}",
        'j' => $"{now.DayOfYear:000}",
        'f' => $"{now.Ticks % TimeSpan.TicksPerSecond / 10:000000}",
        'z' => now.ToString("zzz", CultureInfo.InvariantCulture).Replace(":", "", StringComparison.Ordinal),
        _ => s_timeFormats.TryGetValue(part, out string? format)
            ? now.ToString(format, CultureInfo.InvariantCulture)
            : throw new JinjaException($"'%{part}' in a time's format, which is not supported"),
    };
}
