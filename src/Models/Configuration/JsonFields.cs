using System.Text.Json;
using Neuralink.Storage;

namespace Neuralink.Models.Configuration;

/// <summary>Typed access to the fields of one JSON object, with errors that name file, field, expected and found. A null counts as absent.</summary>
internal sealed class JsonFields(string path, JsonElement element)
{
    /// <summary>Whether the field is there at all, a null included.</summary>
    public bool Has(string name) => element.TryGetProperty(name, out _);

    public string Text(string name) => OptionalText(name) ?? throw Missing(name, "a string");

    public string? OptionalText(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => ToText(name, value),
        { } value => throw Wrong(name, "a string", value),
    };

    public int Integer(string name) => OptionalInteger(name) ?? throw Missing(name, "an integer");

    public int Integer(string name, int absent) => OptionalInteger(name) ?? absent;

    public int? OptionalInteger(string name) => Find(name) is not { } value ? null : ToInteger(name, value);

    public float Number(string name) => Find(name) is { } value ? ToNumber(name, value) : throw Missing(name, "a number");

    public float Number(string name, float absent) => Find(name) is { } value ? ToNumber(name, value) : absent;

    public bool Flag(string name, bool absent) => Find(name) switch
    {
        null => absent,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } value => throw Wrong(name, "true or false", value),
    };

    /// <summary>An integer, a list of them, or nothing.</summary>
    public IReadOnlyList<int> Integers(string name) => Find(name) switch
    {
        null => [],
        { ValueKind: JsonValueKind.Array } list => [.. list.EnumerateArray().Select(item => ToInteger(name, item))],
        { } value => [ToInteger(name, value)],
    };

    public JsonFields? Object(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } value => new JsonFields($"{path} ({name})", value),
        { } value => throw Wrong(name, "an object", value),
    };

    /// <summary>The exception for a field whose value cannot be used.</summary>
    public NeuralinkException Refuse(string name, string expected, string found, string advice) =>
        new($"use {path}", $"{name}: {expected}", found, advice);

    private JsonElement? Find(string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private string ToText(string name, JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Wrong(name, "a string", value);                    // half a surrogate pair, escaped
        }
    }

    private int ToInteger(string name, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) ? number : throw Wrong(name, "an integer", value);

    private float ToNumber(string name, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetSingle(out float number) ? number : throw Wrong(name, "a number", value);

    private NeuralinkException Missing(string name, string expected) => new($"use {path}", $"{name}: {expected}", "no such field");

    private NeuralinkException Wrong(string name, string expected, JsonElement value)
    {
        string text = value.GetRawText();
        return new($"use {path}", $"{name}: {expected}", text.Length <= 60 ? text : text[..60] + "...");
    }
}
