using System.Text.Json.Serialization;
using Neuralink.Evaluation;
using Neuralink.Storage.Image;

namespace Neuralink.Cli.Quality;

/// <summary>What `perplexity --json` prints, in snake_case. Shares are 0 to 1.</summary>
internal sealed record PerplexityReport
{
    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary>What the figures belong to.</summary>
    public required string ModelDigest { get; init; }

    /// <summary>What was scored.</summary>
    public required string Texts { get; init; }

    /// <summary>Tokens that were scored.</summary>
    public required int Tokens { get; init; }

    /// <summary>Windows they were scored in.</summary>
    public required int Windows { get; init; }

    /// <summary>Tokens of a window.</summary>
    public required int WindowTokens { get; init; }

    /// <summary>From one window to the next.</summary>
    public required int StrideTokens { get; init; }

    /// <summary>Of the dense model.</summary>
    public required double Perplexity { get; init; }

    /// <summary>Share of the neurons that fired in it.</summary>
    [JsonPropertyName("firing_share")]
    public required double ActiveShare { get; init; }

    /// <summary>The predictor beside it; null without one.</summary>
    public required PredictedReport? Predicted { get; init; }

    /// <summary>Native memory.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Of scoring.</summary>
    public required double Seconds { get; init; }

    public static PerplexityReport Of(
        QualityMetrics figures, QualityMeter meter, string model, string texts, string? predictor, double seconds) => new()
        {
            Model = model,
            ModelDigest = meter.Dense.Image.ModelDigest,
            Texts = texts,
            Tokens = figures.Tokens,
            Windows = figures.Windows,
            WindowTokens = meter.WindowTokens,
            StrideTokens = meter.StrideTokens,
            Perplexity = figures.Dense.Perplexity,
            ActiveShare = figures.Dense.NeuronShare,
            Predicted = figures.Predicted is { } p
            ? new PredictedReport(predictor!, p.Run.Perplexity, p.PerplexityRatio, p.AgreementShare, p.KlDivergenceNats, p.Run.NeuronShare)
            : null,
            MemoryBytes = meter.MemoryBytes,
            Seconds = seconds,
        };

    /// <summary>The figures as they are stored of <paramref name="identity"/>.</summary>
    public PredictorQuality ToQuality(PredictorIdentity identity) => new()
    {
        Predictor = identity,
        Perplexity = Predicted!.Perplexity,
        DensePerplexity = Perplexity,
        AgreementShare = Predicted.AgreementShare,
        KlDivergenceNats = Predicted.KlDivergenceNats,
        PredictedShare = Predicted.PredictedShare,
        ActiveShare = ActiveShare,
        TokenCount = Tokens,
        WindowTokens = WindowTokens,
        StrideTokens = StrideTokens,
        Texts = Texts,
        MeasuredWith = $"neuralink perplexity {typeof(PerplexityReport).Assembly.GetName().Version?.ToString(3)}",
    };
}

/// <summary>A predictor beside the dense model.</summary>
/// <param name="Predictor">As --predictor names it.</param>
/// <param name="Perplexity">With it.</param>
/// <param name="PerplexityRatio">That over the dense one's.</param>
/// <param name="AgreementShare">Share of the tokens for which both find the same token most probable.</param>
/// <param name="KlDivergenceNats">Mean over the tokens of KL(dense || predicted), in nats.</param>
/// <param name="PredictedShare">Share of the neurons that was predicted.</param>
internal sealed record PredictedReport(
    string Predictor, double Perplexity, double PerplexityRatio, double AgreementShare, double KlDivergenceNats, double PredictedShare);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(PerplexityReport))]
internal sealed partial class PerplexityReportJson : JsonSerializerContext;
