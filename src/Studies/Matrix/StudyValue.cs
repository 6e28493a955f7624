using System.Text.Json;
using System.Text.Json.Nodes;

namespace Neuralink.Studies.Matrix;

/// <summary>
/// What a key of a study file takes. Reading, the JSON schema and what an error says was expected all come from one of these, so that they
/// cannot differ.
/// </summary>
/// <param name="Expected">In words.</param>
/// <param name="Schema">In JSON Schema.</param>
/// <param name="Read">Reads one; null of what is none.</param>
/// <param name="Write">Writes one.</param>
internal sealed record StudyValue<T>(string Expected, Func<JsonObject> Schema, StudyValue<T>.Reader Read, Func<T, JsonNode> Write)
    where T : notnull
{
    public delegate bool Reader(JsonElement element, out T value);
}

/// <summary>The kinds of values that there are.</summary>
internal static class StudyValues
{
    /// <summary>Text of any kind but the empty one.</summary>
    /// <param name="what">What it names, for errors.</param>
    public static StudyValue<string> Text(string what) => new(
        what, () => new JsonObject { ["type"] = "string", ["minLength"] = 1 }, ReadText, text => JsonValue.Create(text));

    /// <summary>A name of a list, or a path; a path has a separator or an extension.</summary>
    /// <param name="names">The names that there are.</param>
    /// <param name="extension">Of the files, with its dot; null where there are none.</param>
    /// <param name="files">What else it may be, in words.</param>
    public static StudyValue<string> NameOrPath(IEnumerable<string> names, string? extension = null, string files = "")
    {
        string[] known = [.. names];
        string or = extension is null ? "" : $" or {files}";
        return new(
            string.Join(", ", known) + or,
            () => extension is null
                ? Enumeration(known)
                : new JsonObject { ["anyOf"] = new JsonArray(Enumeration(known), File(extension)) },
            (JsonElement element, out string value) => ReadText(element, out value)
                && (known.Contains(value, StringComparer.Ordinal)
                    || (extension is not null && value.EndsWith(extension, StringComparison.Ordinal))),
            text => JsonValue.Create(text));

        static JsonObject File(string extension) =>
            new() { ["type"] = "string", ["pattern"] = extension.Replace(".", "\\.", StringComparison.Ordinal) + "$" };
    }

    /// <summary>One of a few words.</summary>
    public static StudyValue<T> Word<T>(IReadOnlyList<(string Word, T Value)> words)
        where T : struct => new(
            string.Join(", ", words.Select(w => w.Word)),
            () => Enumeration(words.Select(w => w.Word)),
            (JsonElement element, out T value) =>
            {
                int at = ReadText(element, out string text) ? words.TakeWhile(w => w.Word != text).Count() : words.Count;
                value = at < words.Count ? words[at].Value : default;
                return at < words.Count;
            },
            value => JsonValue.Create(words.First(w => w.Value.Equals(value)).Word));

    /// <summary>A whole number of a range.</summary>
    public static StudyValue<int> Integer(int minimum, int maximum) => new(
        $"a whole number from {minimum} to {maximum}",
        () => new JsonObject { ["type"] = "integer", ["minimum"] = minimum, ["maximum"] = maximum },
        (JsonElement element, out int value) =>
        {
            // 8.0 is a whole number in JSON.
            bool isWhole = element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out double number)
                && number >= minimum && number <= maximum && double.IsInteger(number);
            value = isWhole ? (int)element.GetDouble() : 0;
            return isWhole;
        },
        value => JsonValue.Create(value));

    /// <summary>A number of a range.</summary>
    public static StudyValue<double> Number(double minimum, double maximum) => new(
        $"a number from {minimum} to {maximum}",
        () => new JsonObject { ["type"] = "number", ["minimum"] = minimum, ["maximum"] = maximum },
        (JsonElement element, out double value) =>
        {
            value = 0;
            return element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out value) && value >= minimum && value <= maximum;
        },
        value => JsonValue.Create(value));

    /// <summary>True or false.</summary>
    public static StudyValue<bool> Flag { get; } = new(
        "true or false",
        () => new JsonObject { ["type"] = "boolean" },
        (JsonElement element, out bool value) =>
        {
            value = element.ValueKind == JsonValueKind.True;
            return element.ValueKind is JsonValueKind.True or JsonValueKind.False;
        },
        value => JsonValue.Create(value));

    private static JsonObject Enumeration(IEnumerable<string> words) =>
        new() { ["enum"] = new JsonArray([.. words.Select(word => (JsonNode)word)]) };

    private static bool ReadText(JsonElement element, out string value)
    {
        value = "";
        try
        {
            value = element.ValueKind == JsonValueKind.String ? element.GetString()! : "";
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair, which is no text.
        }
        return value.Length > 0;
    }
}
