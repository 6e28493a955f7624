namespace Neuralink.Cli.Planning;

/// <summary>What the command line of `plan` says.</summary>
internal sealed record PlanSettings
{
    /// <summary>A prompt of 128 tokens, and the 128 that `generate` makes unless told otherwise.</summary>
    public const int DefaultContextTokens = 256;

    /// <summary>The model's folder, or null for the bundled one.</summary>
    public required string? Model { get; init; }

    /// <summary>Null: <see cref="DefaultContextTokens"/>, or what the model was made for.</summary>
    public required int? ContextTokens { get; init; }

    /// <summary>How reading and computing share the time, or null for what suits the model.</summary>
    public required ExecutionStrategy? Strategy { get; init; }

    /// <summary>A device profile, "none" for none, or null for the one of the image's volume if there is one.</summary>
    public required string? Profile { get; init; }

    /// <summary>An activation trace, or null for what the image knows.</summary>
    public required string? Trace { get; init; }

    /// <summary>How an unpacked model is read.</summary>
    public required ModelReading Reading { get; init; }

    public required bool Json { get; init; }

    /// <summary>All but the context and what the device profile decides.</summary>
    public required EngineOptions Engine { get; init; }
}
