using System.Text.Json.Serialization;

namespace Neuralink.Cli.Checkup;

/// <summary>How something stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FindingState>))]
internal enum FindingState
{
    /// <summary>Nothing to do.</summary>
    [JsonStringEnumMemberName("good")]
    Good,

    /// <summary>A run will be slower, or could be better.</summary>
    [JsonStringEnumMemberName("note")]
    Note,

    /// <summary>A run is impossible.</summary>
    [JsonStringEnumMemberName("problem")]
    Problem,
}

/// <summary>One thing that was looked at.</summary>
internal sealed record Finding
{
    private Finding()
    {
    }

    /// <summary>In snake_case; each is there once at most.</summary>
    public required string Name { get; init; }

    /// <summary>How it stands.</summary>
    public required FindingState State { get; init; }

    /// <summary>What was found, in words.</summary>
    public required string Value { get; init; }

    /// <summary>What to do about it; null where it is good.</summary>
    public required string? Advice { get; init; }

    /// <summary>What was measured, by names in snake_case that end in the unit.</summary>
    public required IReadOnlyDictionary<string, double> Metrics { get; init; }

    /// <summary>Something that needs no action.</summary>
    public static Finding Good(string name, string value, params (string Name, double Value)[] metrics) =>
        Of(name, FindingState.Good, value, advice: null, metrics);

    /// <summary>Something that slows a run down, or may.</summary>
    public static Finding Note(string name, string value, string advice, params (string Name, double Value)[] metrics) =>
        Of(name, FindingState.Note, value, advice, metrics);

    /// <summary>Something that prevents a run.</summary>
    public static Finding Problem(string name, string value, string advice, params (string Name, double Value)[] metrics) =>
        Of(name, FindingState.Problem, value, advice, metrics);

    /// <summary>Something that the system does not tell.</summary>
    /// <param name="name">What.</param>
    /// <param name="file">Where Linux says it.</param>
    public static Finding Unknown(string name, string file) => Note(
        name, $"not known: {file} cannot be read", "nothing, unless a run is slow: then look at it by the system's own means");

    private static Finding Of(
        string name, FindingState state, string value, string? advice, ReadOnlySpan<(string Name, double Value)> metrics)
    {
        Dictionary<string, double> values = new(StringComparer.Ordinal);
        foreach ((string metric, double number) in metrics)
            values.Add(metric, number);
        return new Finding { Name = name, State = state, Value = value, Advice = advice, Metrics = values };
    }
}
