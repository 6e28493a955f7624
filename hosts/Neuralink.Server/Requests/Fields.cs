using System.Text.Json;
using Neuralink.Server.Errors;

namespace Neuralink.Server.Requests;

/// <summary>
/// An object of a request. A field is null where it is missing or null, as clients send null for what is not set; one of a wrong type or
/// out of its range is refused by its name. Fields that nobody asks for are ignored: newer clients send more than a server knows.
/// </summary>
/// <param name="element">The object.</param>
/// <param name="path">Its place in the body, empty for the body itself.</param>
internal sealed class Fields(JsonElement element, string path = "")
{
    private const int ShownCharsMax = 40;

    /// <summary>An object without fields.</summary>
    public static Fields None { get; } = new(JsonDocument.Parse("{}").RootElement);

    /// <summary>A field's place in the body.</summary>
    public string PathOf(string name) => path.Length == 0 ? name : $"{path}.{name}";

    /// <summary>Any field.</summary>
    public JsonElement? this[string name] =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>Of several names of one field the first that is set.</summary>
    public string FirstOf(params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (this[name] is not null)
                return name;
        }
        return names[0];
    }

    public string? Text(string name) => this[name] is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? TextOf(value, PathOf(name))
        : throw Refuse(name, "a string", value);

    public bool? Flag(string name) => this[name] is not { } value ? null
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
        : throw Refuse(name, "true or false", value);

    public double? Number(string name, double min, double max) => this[name] is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && number >= min && number <= max ? number
        : throw Refuse(name, $"a number of {min} to {max}", value);

    public int? Integer(string name, int min, int max = int.MaxValue) => this[name] is not { } value ? null
        : TryInteger(value, out long number) && number >= min && number <= max ? (int)number
        : throw Refuse(name, max == int.MaxValue ? $"an integer of {min} or more" : $"an integer of {min} to {max}", value);

    public Fields? Object(string name) => this[name] is not { } value ? null
        : value.ValueKind == JsonValueKind.Object ? new Fields(value, PathOf(name))
        : throw Refuse(name, "an object", value);

    public JsonElement[]? List(string name) => this[name] is not { } value ? null
        : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()]
        : throw Refuse(name, "an array", value);

    /// <summary>The fields there are.</summary>
    public IEnumerable<JsonProperty> All => element.EnumerateObject();

    public ApiException Refuse(string name, string expected, JsonElement found) =>
        ApiException.Invalid(PathOf(name), expected, Describe(found));

    /// <summary>A whole number, which some clients write as 5.0.</summary>
    public static bool TryInteger(JsonElement value, out long number)
    {
        number = 0;
        if (value.ValueKind != JsonValueKind.Number)
            return false;
        if (value.TryGetInt64(out number))
            return true;
        if (!value.TryGetDouble(out double real) || real != Math.Floor(real) || Math.Abs(real) >= 1L << 53)
            return false;
        number = (long)real;
        return true;
    }

    /// <summary>A string's text.</summary>
    /// <exception cref="ApiException">It has half a surrogate pair.</exception>
    public static string TextOf(JsonElement value, string path)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException error)
        {
            throw new ApiException(
                StatusCodes.Status400BadRequest, $"{path}: expected whole characters, found half a surrogate pair", inner: error)
            {
                Parameter = path,
            };
        }
    }

    /// <summary>What was found, short enough for a message.</summary>
    public static string Describe(JsonElement found) => found.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => $"an array of {found.GetArrayLength()}",
        JsonValueKind.String => $"the string {Shortened(found.GetRawText())}",
        _ => Shortened(found.GetRawText()),
    };

    private static string Shortened(string text)
    {
        if (text.Length <= ShownCharsMax)
            return text;
        int length = char.IsHighSurrogate(text[ShownCharsMax - 1]) ? ShownCharsMax - 1 : ShownCharsMax;
        return string.Concat(text.AsSpan(0, length), "...");
    }
}
