using System.Globalization;

namespace Neuralink.Models.ChatTemplates.Jinja;

/// <summary>The filters by name: those of jinja2 that templates use, and tojson as transformers has it.</summary>
internal static class JinjaFilters
{
    private delegate object? Filter(object? value, CallArguments arguments, RenderState state);

    private static readonly Dictionary<string, Filter> s_filters = new(StringComparer.Ordinal)
    {
        ["abs"] = (v, _, _) => v is double number ? (object)Math.Abs(number) : Math.Abs((long)JinjaArithmetic.Sign(isMinus: false, v)),
        ["batch"] = (v, a, _) => SequenceFilters.Batch(v, a.TakeInteger("linecount", 0), a.Take("fill_with", null)),
        ["capitalize"] = (v, _, _) => PythonText.Capitalize(JinjaOperators.ToText(v)),
        ["count"] = (v, _, _) => JinjaOperators.Length(v),
        ["d"] = (v, a, _) => Default(v, a),
        ["default"] = (v, a, _) => Default(v, a),
        ["dictsort"] = (v, a, _) => SequenceFilters.DictSort(v, a),
        ["e"] = (v, _, _) => Escape(v),
        ["escape"] = (v, _, _) => Escape(v),
        ["first"] = (v, _, _) => JinjaOperators.Items(v).DefaultIfEmpty(new JinjaUndefined("the first item of nothing")).First(),
        ["float"] = (v, a, _) => ToFloat(v, a.Take("default", 0.0)),
        ["format"] = (v, a, _) => PrintfText.Format(JinjaOperators.ToText(v), a.TakeRest()),
        ["groupby"] = (v, a, _) => SequenceFilters.GroupBy(v, a.Take("attribute"), a.Take("default", null)),
        ["indent"] = (v, a, _) => Indent(
            JinjaOperators.ToText(v), a.Take("width", 4L), a.TakeFlag("first", false), a.TakeFlag("blank", false)),
        ["int"] = (v, a, _) => ToInteger(v, a.Take("default", 0L)),
        ["items"] = (v, _, _) => Pairs(v),
        ["join"] = (v, a, _) => SequenceFilters.Join(v, a),
        ["last"] = (v, _, _) => JinjaOperators.Items(v).DefaultIfEmpty(new JinjaUndefined("the last item of nothing")).Last(),
        ["length"] = (v, _, _) => JinjaOperators.Length(v),
        ["list"] = (v, _, _) => JinjaList.Of(JinjaOperators.Items(v)),
        ["lower"] = (v, _, _) => JinjaOperators.ToText(v).ToLowerInvariant(),
        ["map"] = SequenceFilters.Map,
        ["max"] = (v, a, _) => SequenceFilters.Extreme(v, a, isMax: true),
        ["min"] = (v, a, _) => SequenceFilters.Extreme(v, a, isMax: false),
        ["reject"] = (v, a, _) => SequenceFilters.Select(v, a, isAttribute: false, isReject: true),
        ["rejectattr"] = (v, a, _) => SequenceFilters.Select(v, a, isAttribute: true, isReject: true),
        ["replace"] = (v, a, _) => StringMethods.Replace(
            JinjaOperators.ToText(v), JinjaOperators.ToText(a.Take("old")), JinjaOperators.ToText(a.Take("new")), Count(a)),
        ["reverse"] = (v, _, _) => SequenceFilters.Reverse(v),
        ["round"] = (v, a, _) => Round(v, a.TakeInteger("precision", 0), a.Take("method", "common")),
        ["safe"] = (v, _, _) => JinjaOperators.ToText(v),
        ["select"] = (v, a, _) => SequenceFilters.Select(v, a, isAttribute: false, isReject: false),
        ["selectattr"] = (v, a, _) => SequenceFilters.Select(v, a, isAttribute: true, isReject: false),
        ["sort"] = (v, a, _) => SequenceFilters.Sort(v, a),
        ["string"] = (v, _, _) => JinjaOperators.ToText(v),
        ["sum"] = (v, a, _) => SequenceFilters.Sum(v, a),
        ["title"] = (v, _, _) => Title(JinjaOperators.ToText(v)),
        ["tojson"] = (v, a, _) => PythonJson.Write(v, a),
        ["trim"] = (v, a, _) => PythonText.Trim(JinjaOperators.ToText(v), a.TakeTextOrNone("chars"), atStart: true, atEnd: true),
        ["unique"] = (v, a, _) => SequenceFilters.Unique(v, a),
        ["upper"] = (v, _, _) => JinjaOperators.ToText(v).ToUpperInvariant(),
        ["urlencode"] = (v, _, _) => UrlEncode(v),
        ["wordcount"] = (v, _, _) => CountWords(JinjaOperators.ToText(v)),
    };

    public static bool Has(string name) => s_filters.ContainsKey(name);

    /// <exception cref="JinjaException">There is no such filter, or it does not take this value or these arguments.</exception>
    public static object? Apply(string name, object? value, CallArguments arguments, RenderState state)
    {
        if (!s_filters.TryGetValue(name, out Filter? filter))
            throw new JinjaException($"the filter '{name}', which is not supported");
        object? result = filter(value, arguments, state);
        arguments.End();
        return result;
    }

    private static object? Default(object? value, CallArguments arguments)
    {
        object? fallback = arguments.Take("default_value", "");
        bool isByTruth = arguments.TakeFlag("boolean", false);
        return value is JinjaUndefined || (isByTruth && !JinjaOperators.IsTrue(value)) ? fallback : value;
    }

    private static string Escape(object? value) => JinjaOperators.ToText(value)
        .Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace(">", "&gt;", StringComparison.Ordinal).Replace("'", "&#39;", StringComparison.Ordinal)
        .Replace("\"", "&#34;", StringComparison.Ordinal);

    private static object? ToFloat(object? value, object? fallback) => value switch
    {
        string text => ParseFloat(text) ?? fallback,
        JinjaUndefined or null => fallback,
        _ => JinjaOperators.IsNumber(value) ? JinjaOperators.ToDouble(value) : fallback,
    };

    private static object? ToInteger(object? value, object? fallback) => value switch
    {
        long => value,
        string text when long.TryParse(
            text.Trim().Replace("_", "", StringComparison.Ordinal), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture,
            out long n) => n,
        string text => ParseFloat(text) is { } number ? (object)Truncate(number) : fallback,
        bool or double => Truncate(JinjaOperators.ToDouble(value)),
        _ => fallback,
    };

    private static double? ParseFloat(string text) =>
        double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : null;

    private static long Truncate(double number) => Math.Abs(number) < 9e18
        ? (long)number
        : throw new JinjaException("an integer beyond 64 bits from the filter 'int'");

    private static string UrlEncode(object? value) => value switch
    {
        JinjaDictionary map => string.Join('&', map.Items.Select(pair => $"{Quoted(pair.Key)}={Quoted(pair.Value)}")),
        JinjaList list => string.Join(
            '&', list.Items.Select(item => $"{Quoted(JinjaMembers.Item(item, 0L))}={Quoted(JinjaMembers.Item(item, 1L))}")),
        _ => Uri.EscapeDataString(JinjaOperators.ToText(value)).Replace("%2F", "/", StringComparison.Ordinal),
    };

    private static string Quoted(object? part) =>
        Uri.EscapeDataString(JinjaOperators.ToText(part)).Replace("%20", "+", StringComparison.Ordinal);

    /// <summary>Runs of letters, digits and underscores.</summary>
    private static long CountWords(string text)
    {
        long count = 0;
        for (int i = 0; i < text.Length; i++)
            count += IsWord(i) && (i == 0 || !IsWord(i - 1)) ? 1 : 0;
        return count;

        bool IsWord(int at) => text[at] == '_' || char.IsLetterOrDigit(text[at]);
    }

    private static string Indent(string text, object? width, bool isFirst, bool isBlank)
    {
        string by = width switch
        {
            string given => given,
            long columns when columns is >= 0 and <= 1000 => new string(' ', (int)columns),
            _ => throw new JinjaException($"the filter 'indent' with a width of {JinjaOperators.ToText(width)}"),
        };
        // As jinja2: the line end that is put behind decides that an empty last line is one.
        List<string> lines = PythonText.SplitLines(text + "\n");
        RenderState.CheckLength(text.Length + ((Int128)lines.Count * by.Length));
        for (int i = 1; i < lines.Count; i++)
        {
            if (isBlank || lines[i].Length > 0)
                lines[i] = by + lines[i];
        }
        return (isFirst ? by : "") + string.Join('\n', lines);
    }

    private static JinjaGenerator Pairs(object? value) => new(() => value switch
    {
        JinjaDictionary map => CollectionMethods.Pairs(map).Items,
        JinjaUndefined => [],
        _ => throw new JinjaException($"the filter 'items' of {JinjaOperators.Describe(value)}"),
    });

    private static long Count(CallArguments arguments) => arguments.Take("count", null) switch
    {
        null => -1,
        long count => count,
        var other => throw new JinjaException($"the filter 'replace' with {JinjaOperators.Describe(other)} as 'count'"),
    };

    private static object Round(object? number, long precision, object? method)
    {
        double value = JinjaOperators.ToDouble(number);
        if (precision is < 0 or > 15)
            throw new JinjaException($"the filter 'round' to {precision} digits");
        double scale = Math.Pow(10, precision);
        return method switch
        {
            "common" when number is not double => JinjaArithmetic.Sign(isMinus: false, number),
            "common" => Math.Round(value, (int)precision, MidpointRounding.ToEven),
            "ceil" => Math.Ceiling(value * scale) / scale,
            "floor" => Math.Floor(value * scale) / scale,
            _ => throw new JinjaException($"the filter 'round' with the method {JinjaOperators.ToText(method)}"),
        };
    }

    /// <summary>The filter's words begin behind spaces, hyphens and opening brackets; the method's, behind whatever is no letter.</summary>
    private static string Title(string text)
    {
        char[] result = text.ToLowerInvariant().ToCharArray();
        for (int i = 0; i < result.Length; i++)
        {
            if (i == 0 || PythonText.IsSpace(text[i - 1]) || "-([{<".Contains(text[i - 1], StringComparison.Ordinal))
                result[i] = char.ToUpperInvariant(text[i]);
        }
        return new string(result);
    }
}
