namespace Neuralink.Cli.Traces;

/// <summary>What the command line of `trace` says.</summary>
internal sealed record TraceSettings
{
    /// <summary>
    /// Tokens of a window when --window is not given: what the bundled model was trained on, and its reference figures are of.
    /// </summary>
    public const int DefaultWindowTokens = 256;

    /// <summary>The model's folder, or null for the bundled one.</summary>
    public required string? Model { get; init; }

    /// <summary>The text files.</summary>
    public required IReadOnlyList<string> Texts { get; init; }

    /// <summary>The trace to write.</summary>
    public required string Output { get; init; }

    /// <summary>The most tokens of each text, or null for all.</summary>
    public required int? TokensMax { get; init; }

    /// <summary>Tokens left out at the beginning of each text.</summary>
    public required int SkipTokens { get; init; }

    /// <summary>Tokens traced together, from position 0; null is <see cref="DefaultWindowTokens"/> or the model's context.</summary>
    public required int? WindowTokens { get; init; }

    public required int Threads { get; init; }

    /// <summary>Budget for native memory, or null.</summary>
    public required long? MemoryBytes { get; init; }

    /// <summary>How an unpacked model is read.</summary>
    public required ModelReading Reading { get; init; }

    /// <summary>Whether the layers' FFN inputs are recorded too.</summary>
    public required bool Inputs { get; init; }

    /// <summary>Whether an existing trace is replaced.</summary>
    public required bool Force { get; init; }
}
