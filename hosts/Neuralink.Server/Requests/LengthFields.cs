using System.Text.Json;
using Neuralink.Server.Errors;

namespace Neuralink.Server.Requests;

/// <summary>Where a text ends: how many tokens it may have, and which texts stop it.</summary>
internal static class LengthFields
{
    // OpenAI takes 4; Ollama's templates and agents send more.
    private const int StopsMax = 32, StopCharsMax = 1000;

    /// <summary>The most tokens to generate, or null for as many as the context has room for, which -1 means too.</summary>
    /// <param name="fields">The body.</param>
    /// <param name="unset">What it is where no name of it is set.</param>
    public static int? ReadMax(Fields fields, int? unset)
    {
        string name = fields.FirstOf("max_completion_tokens", "max_tokens", "n_predict");
        return fields[name] is not { } value ? unset
            : !Fields.TryInteger(value, out long count) || count < -1 ? throw fields.Refuse(
                name, "an integer of 0 or more, or -1 for as many as the context has room for", value)
            : count == -1 ? null
            : (int)Math.Min(count, int.MaxValue);
    }

    /// <summary>The same of Ollama's num_predict, whose -1 and -2 both mean as many as there is room for.</summary>
    public static int? ReadNumPredict(Fields fields) => fields.Integer("num_predict", -2) is >= 0 and int count ? count : null;

    /// <summary>The stop texts: one or a list. An empty one stops nothing, as it would be found everywhere.</summary>
    public static IReadOnlyList<string> ReadStops(Fields fields)
    {
        const string name = "stop";
        if (fields[name] is not { } value)
            return [];
        JsonElement[] all = value.ValueKind switch
        {
            JsonValueKind.String => [value],
            JsonValueKind.Array when value.GetArrayLength() <= StopsMax => [.. value.EnumerateArray()],
            _ => throw fields.Refuse(name, $"a string or an array of at most {StopsMax} strings", value),
        };
        return [.. all.Select((stop, i) => Check(stop, value.ValueKind == JsonValueKind.Array ? $"{name}[{i}]" : name))
            .Where(stop => stop.Length > 0).Distinct(StringComparer.Ordinal)];
    }

    private static string Check(JsonElement stop, string path)
    {
        if (stop.ValueKind != JsonValueKind.String)
            throw ApiException.Invalid(path, "a string", Fields.Describe(stop));
        string text = Fields.TextOf(stop, path);
        return text.Length <= StopCharsMax ? text
            : throw ApiException.Invalid(path, $"at most {StopCharsMax} characters", $"{text.Length}");
    }
}
