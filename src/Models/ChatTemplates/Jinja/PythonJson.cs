using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Neuralink.Models.ChatTemplates.Jinja;

/// <summary>JSON to values, and values to JSON as Python's json.dumps writes it, with transformers' defaults: no ASCII escapes.</summary>
internal static class PythonJson
{
    /// <summary>The value of a JSON element.</summary>
    public static object? Read(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => ReadObject(element),
        JsonValueKind.Array => JinjaList.Of(element.EnumerateArray().Select(Read)),
        JsonValueKind.String => element.GetString(),
        JsonValueKind.Number => element.TryGetInt64(out long integer) && IsInteger(element) ? (object)integer : element.GetDouble(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };

    /// <summary>The filter tojson(ensure_ascii=false, indent=none, separators=none, sort_keys=false).</summary>
    public static string Write(object? value, CallArguments arguments)
    {
        bool isAscii = arguments.TakeFlag("ensure_ascii", false);
        string? indent = arguments.Take("indent", null) switch
        {
            null => null,
            long columns and >= 0 and <= 100 => new string(' ', (int)columns),
            string text => text,
            var other => throw new JinjaException($"the filter 'tojson' with an indent of {JinjaOperators.ToText(other)}"),
        };
        (string item, string key) = arguments.Take("separators", null) switch
        {
            null => (indent is null ? ", " : ",", ": "),
            JinjaList { Items: [string i, string k] } => (i, k),
            var other => throw new JinjaException($"the filter 'tojson' with {JinjaOperators.Describe(other)} as 'separators'"),
        };
        bool isSorted = arguments.TakeFlag("sort_keys", false);
        Writer writer = new(indent, item, key, isAscii, isSorted);
        writer.Write(value, depth: 0);
        return writer.Text;
    }

    private static JinjaDictionary ReadObject(JsonElement element)
    {
        JinjaDictionary map = new();
        foreach (JsonProperty property in element.EnumerateObject())
            map[property.Name] = Read(property.Value);
        return map;
    }

    private static bool IsInteger(JsonElement element) => element.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') < 0;

    private sealed class Writer(string? indent, string itemSeparator, string keySeparator, bool isAscii, bool isSorted)
    {
        private readonly StringBuilder _text = new();

        public string Text => _text.ToString();

        public void Write(object? value, int depth)
        {
            if (depth > RenderState.DepthMax)
                throw new JinjaException($"a value of more than {RenderState.DepthMax} levels");
            RenderState.CheckLength(_text.Length);
            switch (value)
            {
                case JinjaList list:
                    WriteItems('[', ']', list.Items, item => Write(item, depth + 1), depth);
                    break;
                case JinjaDictionary map:
                    IEnumerable<KeyValuePair<string, object?>> pairs =
                        map.Items.Select(pair => KeyValuePair.Create(KeyText(pair.Key), pair.Value));
                    KeyValuePair<string, object?>[] ordered =
                        isSorted ? [.. pairs.OrderBy(pair => pair.Key, StringComparer.Ordinal)] : [.. pairs];
                    WriteItems('{', '}', ordered, pair =>
                    {
                        Quote(pair.Key);
                        _text.Append(keySeparator);
                        Write(pair.Value, depth + 1);
                    }, depth);
                    break;
                case string text:
                    Quote(text);
                    break;
                default:
                    _text.Append(Scalar(value));
                    break;
            }
        }

        private void WriteItems<T>(char begin, char end, IReadOnlyList<T> items, Action<T> write, int depth)
        {
            _text.Append(begin);
            for (int i = 0; i < items.Count; i++)
            {
                if (i > 0)
                    _text.Append(itemSeparator);
                BreakLine(depth + 1);
                write(items[i]);
            }
            if (items.Count > 0)
                BreakLine(depth);
            _text.Append(end);
        }

        private void BreakLine(int depth)
        {
            if (indent is null)
                return;
            _text.Append('\n');
            for (int i = 0; i < depth; i++)
                _text.Append(indent);
        }

        private static string KeyText(object? key) => key is string text ? text : Scalar(key);

        private static string Scalar(object? value) => value switch
        {
            null => "null",
            bool flag => flag ? "true" : "false",
            long number => number.ToString(CultureInfo.InvariantCulture),
            double.PositiveInfinity => "Infinity",
            double.NegativeInfinity => "-Infinity",
            double number => double.IsNaN(number) ? "NaN" : PythonText.Number(number),
            _ => throw new JinjaException($"the filter 'tojson' of {JinjaOperators.Describe(value)}"),
        };

        private void Quote(string text)
        {
            _text.Append('"');
            foreach (char c in text)
            {
                const string Letters = "\"\\nrtbf", Meant = "\"\\\n\r\t\b\f";
                int known = Meant.IndexOf(c, StringComparison.Ordinal);
                if (known >= 0)
                    _text.Append('\\').Append(Letters[known]);
                else if (c < ' ' || (isAscii && c > '~'))
                    _text.Append($"\\u{(int)c:x4}");
                else
                    _text.Append(c);
            }
            _text.Append('"');
        }
    }
}
