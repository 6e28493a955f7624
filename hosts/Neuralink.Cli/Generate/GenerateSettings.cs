using Neuralink.Models.Sampling;
using Neuralink.Storage.Devices;

namespace Neuralink.Cli.Generate;

/// <summary>What the command line of `generate` says.</summary>
internal sealed record GenerateSettings
{
    /// <summary>The model's folder, or null for the bundled one.</summary>
    public required string? Model { get; init; }

    public required PromptSource Prompt { get; init; }

    /// <summary>Null: <see cref="ContextFit.DefaultMaxTokens"/>, or what the model's context has room for.</summary>
    public required int? MaxTokens { get; init; }

    public required SamplingOptions Sampling { get; init; }

    public required IReadOnlyList<string> Stop { get; init; }

    public required bool IgnoreEndTokens { get; init; }

    /// <summary>How reading and computing share the time, or null for what suits the model.</summary>
    public required ExecutionStrategy? Strategy { get; init; }

    /// <summary>A device profile, "none" for none, or null for the one of the image's volume if there is one.</summary>
    public required string? Profile { get; init; }

    /// <summary>Reads in flight, or null for what the device profile says, or the engine's default.</summary>
    public required int? QueueDepth { get; init; }

    /// <summary>How to read, or null for what the device profile says, or the engine's default.</summary>
    public required FlashAccess? Io { get; init; }

    /// <summary>All but the context, which follows from the prompt, and what the device profile decides.</summary>
    public required EngineOptions Engine { get; init; }

    /// <summary>How an unpacked model is read.</summary>
    public required ModelReading Reading { get; init; }

    /// <summary>Where the trace goes, or null.</summary>
    public required string? TracePath { get; init; }

    public required bool Json { get; init; }
}
