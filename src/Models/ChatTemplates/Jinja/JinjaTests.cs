namespace Neuralink.Models.ChatTemplates.Jinja;

/// <summary>The tests behind "is", by name.</summary>
internal static class JinjaTests
{
    private static readonly Dictionary<string, Func<object?, CallArguments, bool>> s_tests = new(StringComparer.Ordinal)
    {
        ["boolean"] = (v, _) => v is bool,
        ["callable"] = (v, _) => v is JinjaFunction,
        ["defined"] = (v, _) => v is not JinjaUndefined,
        ["divisibleby"] = (v, a) => JinjaOperators.AreEqual(JinjaArithmetic.Apply("%", v, a.Take("num")), 0L),
        ["even"] = (v, _) => Remainder(v) == 0,
        ["false"] = (v, _) => v is false,
        ["filter"] = (v, _) => v is string name && JinjaFilters.Has(name),
        ["float"] = (v, _) => v is double,
        ["in"] = (v, a) => JinjaOperators.Contains(a.Take("seq"), v),
        ["integer"] = (v, _) => v is long,
        ["iterable"] = (v, _) => v is string or JinjaList or JinjaGenerator or JinjaDictionary or JinjaUndefined,
        ["lower"] = (v, _) => JinjaOperators.ToText(v) is var text && text.Any(char.IsLower) && !text.Any(char.IsUpper),
        ["mapping"] = (v, _) => v is JinjaDictionary,
        ["none"] = (v, _) => v is null,
        ["number"] = (v, _) => JinjaOperators.IsNumber(v),
        ["odd"] = (v, _) => Remainder(v) == 1,
        ["sameas"] = (v, a) => a.Take("other") is var other && v?.GetType() == other?.GetType() && JinjaOperators.AreEqual(v, other),
        ["sequence"] = (v, _) => v is string or JinjaList or JinjaDictionary or JinjaUndefined,
        ["string"] = (v, _) => v is string,
        ["test"] = (v, _) => v is string name && Has(name),
        ["true"] = (v, _) => v is true,
        ["undefined"] = (v, _) => v is JinjaUndefined,
        ["upper"] = (v, _) => JinjaOperators.ToText(v) is var text && text.Any(char.IsUpper) && !text.Any(char.IsLower),
    };

    /// <summary>Tests that are comparisons under other names.</summary>
    private static readonly Dictionary<string, string> s_comparisons = new(StringComparer.Ordinal)
    {
        ["=="] = "==",
        ["eq"] = "==",
        ["equalto"] = "==",
        ["!="] = "!=",
        ["ne"] = "!=",
        ["<"] = "<",
        ["lt"] = "<",
        ["lessthan"] = "<",
        ["<="] = "<=",
        ["le"] = "<=",
        [">"] = ">",
        ["gt"] = ">",
        ["greaterthan"] = ">",
        [">="] = ">=",
        ["ge"] = ">=",
    };

    public static bool Has(string name) => s_tests.ContainsKey(name) || s_comparisons.ContainsKey(name);

    /// <exception cref="JinjaException">There is no such test, or it does not take this value or these arguments.</exception>
    public static bool Holds(string name, object? value, CallArguments arguments)
    {
        bool holds = s_comparisons.TryGetValue(name, out string? symbol) ? CompareExpression.Holds(symbol, value, arguments.Take("other"))
            : s_tests.TryGetValue(name, out Func<object?, CallArguments, bool>? test) ? test(value, arguments)
            : throw new JinjaException($"the test '{name}', which is not supported");
        arguments.End();
        return holds;
    }

    private static double Remainder(object? value) => JinjaOperators.ToDouble(JinjaArithmetic.Apply("%", value, 2L));
}
