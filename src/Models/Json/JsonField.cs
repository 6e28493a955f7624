using System.Text.Json;
using Neuralink.Storage;

namespace Neuralink.Models.Json;

/// <summary>
/// A value in a JSON file of a model that knows where it stands, so that every refusal names the file and the place
/// ("model.merges[17]"). A missing field and a null one read the same: <see cref="IsNull"/>.
/// </summary>
internal readonly record struct JsonField(string File, string Where, JsonElement Element)
{
    private const int ShownCharsMax = 60;

    public bool IsNull => Element.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined;

    /// <summary>Whether the field is not there at all; a null one is there.</summary>
    public bool IsAbsent => Element.ValueKind == JsonValueKind.Undefined;

    /// <summary>The field of this object called <paramref name="name"/>; null-valued where absent.</summary>
    public JsonField this[string name]
    {
        get
        {
            Require(JsonValueKind.Object, "an object");
            string where = Where.Length == 0 ? name : $"{Where}.{name}";
            return new JsonField(File, where, Element.TryGetProperty(name, out JsonElement value) ? value : default);
        }
    }

    /// <summary>The elements of this array.</summary>
    public IEnumerable<JsonField> Items()
    {
        Require(JsonValueKind.Array, "an array");
        return Enumerate(this);

        static IEnumerable<JsonField> Enumerate(JsonField array)
        {
            int index = 0;
            foreach (JsonElement element in array.Element.EnumerateArray())
                yield return new JsonField(array.File, $"{array.Where}[{index++}]", element);
        }
    }

    /// <summary>The names and values of this object, in file order.</summary>
    public IEnumerable<KeyValuePair<string, JsonField>> Properties()
    {
        Require(JsonValueKind.Object, "an object");
        return Enumerate(this);

        static IEnumerable<KeyValuePair<string, JsonField>> Enumerate(JsonField map)
        {
            foreach (JsonProperty property in map.Element.EnumerateObject())
            {
                string name = map.Decode(() => property.Name);
                yield return new(name, new JsonField(map.File, map.Where.Length == 0 ? name : $"{map.Where}[\"{name}\"]", property.Value));
            }
        }
    }

    /// <summary>This value as text.</summary>
    public string Text()
    {
        Require(JsonValueKind.String, "a string");
        JsonElement element = Element;
        return Decode(() => element.GetString()!);
    }

    /// <summary>This value as text, or null where it is missing or null.</summary>
    public string? TextOrNull() => IsNull ? null : Text();

    /// <summary>This value as a whole number of at least 0 and at most <paramref name="maximum"/>.</summary>
    public int Int(int maximum)
    {
        Require(JsonValueKind.Number, "a number");
        return Element.TryGetInt32(out int value) && value >= 0 && value <= maximum
            ? value
            : throw Refuse($"a whole number from 0 to {maximum}", Element.GetRawText());
    }

    /// <summary>This value as an integer of 32 bits.</summary>
    public int Integer() => Element.ValueKind == JsonValueKind.Number && Element.TryGetInt32(out int value)
        ? value
        : throw Refuse("an integer", Shown());

    /// <summary>This value as an integer of 32 bits, or null where it is missing or null.</summary>
    public int? IntegerOrNull() => IsNull ? null : Integer();

    /// <summary>This value as a number.</summary>
    public float Number() => Element.ValueKind == JsonValueKind.Number && Element.TryGetSingle(out float value) && float.IsFinite(value)
        ? value
        : throw Refuse("a number", Shown());

    /// <summary>This value as a number of double precision.</summary>
    public double Double() => Element.ValueKind == JsonValueKind.Number && Element.TryGetDouble(out double value) && double.IsFinite(value)
        ? value
        : throw Refuse("a number", Shown());

    /// <summary>This value as a number, or null where it is missing or null.</summary>
    public float? NumberOrNull() => IsNull ? null : Number();

    /// <summary>This value as true or false; <paramref name="absent"/> where it is missing or null.</summary>
    public bool Flag(bool absent) => IsNull
        ? absent
        : Element.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Refuse("true or false", Shown()),
        };

    /// <summary>The text of the field "type" of this object.</summary>
    public string Type() => this["type"].Text();

    /// <summary>The exception for a value that is not as it must be.</summary>
    public NeuralinkException Refuse(string expected, string found, string? advice = null) =>
        new($"read {File}" + (Where.Length == 0 ? "" : $" at {Line(Where)}"), expected, found, advice);

    /// <summary>This value as an error message shows it: on one line, and cut to its length.</summary>
    public string Shown()
    {
        if (IsNull)
            return IsAbsent ? "no such field" : "null";
        string raw = Line(Element.GetRawText());
        return raw.Length <= ShownCharsMax ? raw : string.Concat(raw.AsSpan(0, ShownCharsMax), "...");
    }

    private static string Line(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));

    private void Require(JsonValueKind kind, string expected)
    {
        if (Element.ValueKind != kind)
            throw Refuse(expected, Shown());
    }

    // The JSON reader reports an escaped half of a surrogate pair only when the string is asked for.
    private string Decode(Func<string> read)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException error)
        {
            throw new NeuralinkException(
                $"read {File} at {Line(Where)}", "text that is valid Unicode", "an unpaired surrogate", inner: error);
        }
    }
}
