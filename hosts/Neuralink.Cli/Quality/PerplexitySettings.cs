using Neuralink.Evaluation;
namespace Neuralink.Cli.Quality;

/// <summary>What the command line of `perplexity` says.</summary>
internal sealed record PerplexitySettings
{
    /// <summary>The model's folder, or null for the bundled one.</summary>
    public required string? Model { get; init; }

    /// <summary>The text files.</summary>
    public required IReadOnlyList<string> Texts { get; init; }

    /// <summary>The most tokens of each text, or null for all.</summary>
    public required int? TokensMax { get; init; }

    public required QualityOptions Options { get; init; }

    /// <summary>How an unpacked model is read.</summary>
    public required ModelReading Reading { get; init; }

    /// <summary>Whether the figures are stored in the image's folder.</summary>
    public required bool Save { get; init; }

    public required bool Json { get; init; }
}
