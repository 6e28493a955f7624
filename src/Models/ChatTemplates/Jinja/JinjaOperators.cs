using System.Globalization;
using System.Text;

namespace Neuralink.Models.ChatTemplates.Jinja;

/// <summary>What values are worth, how they compare and how they print: as in Python.</summary>
internal static class JinjaOperators
{
    public static bool IsTrue(object? value) => value switch
    {
        null or JinjaUndefined => false,
        bool flag => flag,
        long number => number != 0,
        double number => number != 0,
        string text => text.Length > 0,
        JinjaList list => list.Items.Count > 0,
        JinjaDictionary map => map.Count > 0,
        _ => true,
    };

    public static bool IsNumber(object? value) => value is bool or long or double;

    public static double ToDouble(object? value) => value switch
    {
        bool flag => flag ? 1 : 0,
        long number => number,
        double number => number,
        _ => throw new JinjaException($"{Describe(value)}, where a number is wanted"),
    };

    public static bool AreEqual(object? left, object? right) => (left, right) switch
    {
        (string a, string b) => string.Equals(a, b, StringComparison.Ordinal),
        (long a, long b) => a == b,
        (JinjaList a, JinjaList b) => a.IsTuple == b.IsTuple && a.Items.Count == b.Items.Count
            && a.Items.Zip(b.Items).All(pair => AreEqual(pair.First, pair.Second)),
        (JinjaDictionary a, JinjaDictionary b) => a.Count == b.Count
            && a.Items.All(pair => b.TryGet(pair.Key, out object? other) && AreEqual(pair.Value, other)),
        _ => IsNumber(left) && IsNumber(right) ? ToDouble(left) == ToDouble(right) : Equals(left, right),
    };

    /// <summary>Less than 0, 0 or more, as <paramref name="left"/> comes before <paramref name="right"/>.</summary>
    public static int Compare(object? left, object? right)
    {
        switch (left, right)
        {
            case (string a, string b):
                return string.CompareOrdinal(a, b);
            case (long a, long b):
                return a.CompareTo(b);
            case (JinjaList a, JinjaList b) when a.IsTuple == b.IsTuple:
                foreach ((object? x, object? y) in a.Items.Zip(b.Items))
                {
                    if (!AreEqual(x, y))
                        return Compare(x, y);
                }
                return a.Items.Count.CompareTo(b.Items.Count);
            default:
                return IsNumber(left) && IsNumber(right)
                    ? ToDouble(left).CompareTo(ToDouble(right))
                    : throw new JinjaException($"{Describe(left)} compared with {Describe(right)}, which has no order");
        }
    }

    public static bool Contains(object? container, object? item) => container switch
    {
        string text => item is string part
            ? text.Contains(part, StringComparison.Ordinal)
            : throw new JinjaException($"{Describe(item)} looked for in a string"),
        JinjaDictionary map => map.TryGet(item, out _),
        JinjaNamespace space => item is string name && space.Values.ContainsKey(name),
        _ => Items(container).Any(x => AreEqual(x, item)),
    };

    /// <summary>What a loop goes through.</summary>
    /// <exception cref="JinjaException">There is nothing to go through.</exception>
    public static IReadOnlyList<object?> Items(object? value) => value switch
    {
        JinjaUndefined => [],
        JinjaList list => list.Items,
        JinjaGenerator generator => generator.Take(),
        JinjaDictionary map => [.. map.Keys],
        string text => PythonText.Characters(text),
        _ => throw new JinjaException($"{Describe(value)}, which has no items"),
    };

    public static object Length(object? value) => (long)(value switch
    {
        string text => PythonText.Length(text),
        JinjaDictionary map => map.Count,
        JinjaList or JinjaUndefined => Items(value).Count,
        _ => throw new JinjaException($"{Describe(value)}, which has no length"),
    });

    /// <summary>As it is printed: str(value).</summary>
    public static string ToText(object? value) => value switch
    {
        string text => text,
        JinjaUndefined => "",
        _ => Represent(value),
    };

    /// <summary>As it is printed inside of a list: repr(value).</summary>
    public static string Represent(object? value)
    {
        StringBuilder text = new();
        Represent(value, text, depth: 0);
        return text.ToString();
    }

    /// <summary>What kind of value it is, for messages.</summary>
    public static string Describe(object? value) => value switch
    {
        null => "none",
        JinjaUndefined undefined => $"'{undefined.Name}', which is undefined",
        bool => "a boolean",
        long => "an integer",
        double => "a float",
        string => "a string",
        JinjaList { IsTuple: true } => "a tuple",
        JinjaList => "a list",
        JinjaDictionary => "a dictionary",
        JinjaLoop => "a loop",
        JinjaGenerator => "a generator",
        JinjaFunction function => $"the function '{function.Name}'",
        _ => "a namespace",
    };

    private static void Represent(object? value, StringBuilder text, int depth)
    {
        if (depth > RenderState.DepthMax)
            throw new JinjaException($"a value of more than {RenderState.DepthMax} levels");
        switch (value)
        {
            case JinjaList list:
                text.Append(list.IsTuple ? '(' : '[');
                Join(list.Items, item => Represent(item, text, depth + 1));
                text.Append(list is { IsTuple: true, Items.Count: 1 } ? ",)" : list.IsTuple ? ")" : "]");
                break;
            case JinjaDictionary map:
                text.Append('{');
                Join(map.Items, pair =>
                {
                    Represent(pair.Key, text, depth + 1);
                    text.Append(": ");
                    Represent(pair.Value, text, depth + 1);
                });
                text.Append('}');
                break;
            default:
                text.Append(Scalar(value));
                break;
        }

        void Join<T>(IEnumerable<T> items, Action<T> append)
        {
            bool isFirst = true;
            foreach (T item in items)
            {
                if (!isFirst)
                    text.Append(", ");
                isFirst = false;
                append(item);
            }
        }
    }

    private static string Scalar(object? value) => value switch
    {
        null => "None",
        JinjaUndefined => "Undefined",
        bool flag => flag ? "True" : "False",
        long number => number.ToString(CultureInfo.InvariantCulture),
        double number => PythonText.Number(number),
        string text => PythonText.Quoted(text),
        _ => $"<{Describe(value)}>",
    };
}
