using System.Text.Json;
using System.Text.Json.Nodes;
using Neuralink.Studies.Cells;

namespace Neuralink.Studies.Matrix;

/// <summary>A property of cells as study files, results and reports have it.</summary>
/// <param name="Name">The key: the property's name in snake_case.</param>
/// <param name="Title">What reports call it.</param>
/// <param name="Description">What it means, for the schema.</param>
internal abstract record StudyKey(string Name, string Title, string Description)
{
    /// <summary>Whether each matrix must say it.</summary>
    public bool IsRequired { get; init; }

    /// <summary>Whether it is a share, which reports show in percent.</summary>
    public bool IsShare { get; init; }

    /// <summary>What one value is, in words.</summary>
    public abstract string Expected { get; }

    /// <summary>What one value is, in JSON Schema.</summary>
    public abstract JsonObject Schema();

    /// <summary>The cell with the value that <paramref name="element"/> has; null if it has none that the key takes.</summary>
    public abstract StudyCell? With(StudyCell cell, JsonElement element);

    /// <summary>The value of a cell; null where it is left to the strategy, the model or the device.</summary>
    public abstract JsonNode? ValueOf(StudyCell cell);

    /// <summary>The same as a number; null where it is none.</summary>
    public double? NumberOf(StudyCell cell) =>
        ValueOf(cell) is JsonValue value && value.GetValueKind() == JsonValueKind.Number ? double.Parse(value.ToJsonString()) : null;

    /// <summary>The same for people; empty where it is null.</summary>
    public string TextOf(StudyCell cell) => ValueOf(cell) switch
    {
        null => "",
        JsonValue value when IsShare => $"{NumberOf(cell) * 100:0.###}%",
        JsonValue value => value.ToString(),
        _ => "",
    };
}

/// <summary>A property that always has a value.</summary>
internal sealed record StudyKey<T>(
    string Name, string Title, string Description, StudyValue<T> Value, Func<StudyCell, T> Get, Func<StudyCell, T, StudyCell> Set)
    : StudyKey(Name, Title, Description)
    where T : notnull
{
    public override string Expected => Value.Expected;

    public override JsonObject Schema() => Value.Schema();

    public override StudyCell? With(StudyCell cell, JsonElement element) =>
        Value.Read(element, out T value) ? Set(cell, value) : null;

    public override JsonNode? ValueOf(StudyCell cell) => Value.Write(Get(cell));
}

/// <summary>A property that is left to the strategy, the model or the device where it is null.</summary>
internal sealed record OptionalStudyKey<T>(
    string Name, string Title, string Description, StudyValue<T> Value, Func<StudyCell, T?> Get, Func<StudyCell, T?, StudyCell> Set)
    : StudyKey(Name, Title, Description)
    where T : struct
{
    public override string Expected => $"{Value.Expected}, or null";

    public override JsonObject Schema() =>
        new() { ["anyOf"] = new JsonArray(Value.Schema(), new JsonObject { ["type"] = "null" }) };

    public override StudyCell? With(StudyCell cell, JsonElement element) =>
        element.ValueKind == JsonValueKind.Null ? Set(cell, null) : Value.Read(element, out T value) ? Set(cell, value) : null;

    public override JsonNode? ValueOf(StudyCell cell) => Get(cell) is { } value ? Value.Write(value) : null;
}

/// <summary>The same of a property that is a text.</summary>
internal sealed record TextStudyKey(
    string Name, string Title, string Description, Func<StudyCell, string?> Get, Func<StudyCell, string?, StudyCell> Set)
    : StudyKey(Name, Title, Description)
{
    private static readonly StudyValue<string> s_value = StudyValues.Text("a path");

    public override string Expected => "a path, or null";

    public override JsonObject Schema() => new() { ["type"] = new JsonArray("string", "null"), ["minLength"] = 1 };

    public override StudyCell? With(StudyCell cell, JsonElement element) =>
        element.ValueKind == JsonValueKind.Null ? Set(cell, null) : s_value.Read(element, out string value) ? Set(cell, value) : null;

    public override JsonNode? ValueOf(StudyCell cell) => Get(cell) is { } value ? JsonValue.Create(value) : null;
}
