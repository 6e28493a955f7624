using System.Text.Json;
using Neuralink.Server.Errors;

namespace Neuralink.Server.Requests;

/// <summary>
/// Parameters that would change the answer and that this server does not do. They are refused by name unless they have a value that
/// switches them off; whoever sends them would otherwise take an answer for what it is not.
/// </summary>
internal static class UnsupportedFields
{
    private const string NoTools = "this server does not call tools", NoJson = "this server does not hold a text to a grammar",
        NoAudio = "this server makes text only", NoSampler = "this server does not have this way of sampling",
        NoSearch = "this server does not search the web", NoSuffix = "this server does not fill in between two texts";

    private static readonly Dictionary<string, (string Why, Func<JsonElement, bool> IsOff)> s_fields = new(StringComparer.Ordinal)
    {
        ["tools"] = (NoTools, IsEmpty),
        ["functions"] = (NoTools, IsEmpty),
        ["function_call"] = (NoTools, value => IsText(value, "none") || IsText(value, "auto")),
        ["tool_choice"] = (NoTools, value => IsText(value, "none") || IsText(value, "auto")),
        ["response_format"] = (NoJson, IsTextFormat),
        ["format"] = (NoJson, IsEmpty),
        ["grammar"] = (NoJson, IsEmpty),
        ["json_schema"] = (NoJson, IsEmpty),
        ["guided_json"] = (NoJson, IsEmpty),
        ["guided_regex"] = (NoJson, IsEmpty),
        ["guided_choice"] = (NoJson, IsEmpty),
        ["guided_grammar"] = (NoJson, IsEmpty),
        ["structured_outputs"] = (NoJson, IsEmpty),
        ["audio"] = (NoAudio, IsEmpty),
        ["modalities"] = (NoAudio, IsTextOnly),
        ["web_search_options"] = (NoSearch, static _ => false),
        ["suffix"] = (NoSuffix, IsEmpty),
        ["images"] = (NoAudio, IsEmpty),
        ["mirostat"] = (NoSampler, value => IsNumber(value, 0)),
        ["typical_p"] = (NoSampler, value => IsNumber(value, 1)),
        ["tfs_z"] = (NoSampler, value => IsNumber(value, 1)),
        ["xtc_probability"] = (NoSampler, value => IsNumber(value, 0)),
        ["dry_multiplier"] = (NoSampler, value => IsNumber(value, 0)),
        ["dynatemp_range"] = (NoSampler, value => IsNumber(value, 0)),
        ["use_beam_search"] = (NoSampler, value => value.ValueKind == JsonValueKind.False),
        ["min_tokens"] = (NoSampler, value => IsNumber(value, 0)),
    };

    /// <exception cref="ApiException">One of them is set.</exception>
    public static void Refuse(Fields fields)
    {
        // A client that sends tools and forbids their use wants an answer in words.
        bool wantsNoTools = fields["tool_choice"] is { } choice && IsText(choice, "none");
        foreach (JsonProperty field in fields.All)
        {
            if (field.Value.ValueKind != JsonValueKind.Null && s_fields.TryGetValue(field.Name, out var rule) && !rule.IsOff(field.Value)
                && !(wantsNoTools && field.Name is "tools" or "functions"))
            {
                throw ApiException.Unsupported(fields.PathOf(field.Name), rule.Why);
            }
        }
    }

    private static bool IsEmpty(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        JsonValueKind.String => value.ValueEquals(""),
        _ => false,
    };

    private static bool IsText(JsonElement value, string text) => value.ValueKind == JsonValueKind.String && value.ValueEquals(text);

    private static bool IsNumber(JsonElement value, double number) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double found) && found == number;

    private static bool IsTextFormat(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty("type", out JsonElement type) && IsText(type, "text");

    private static bool IsTextOnly(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => IsText(item, "text"));
}
