using System.Text.Json.Serialization;
using Neuralink.Evaluation;
using Neuralink.Storage.Image;

namespace Neuralink.Cli.Quality;

/// <summary>What `perplexity --json` prints, in snake_case. Shares are 0 to 1.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="ModelDigest">What the figures belong to.</param>
/// <param name="Texts">What was scored.</param>
/// <param name="Tokens">Tokens that were scored.</param>
/// <param name="Windows">Windows they were scored in.</param>
/// <param name="WindowTokens">Tokens of a window.</param>
/// <param name="StrideTokens">From one window to the next.</param>
/// <param name="Perplexity">Of the dense model.</param>
/// <param name="FiringShare">Share of the neurons that fired in it.</param>
/// <param name="Predicted">The predictor beside it; null without one.</param>
/// <param name="MemoryBytes">Native memory.</param>
/// <param name="Seconds">Of scoring.</param>
internal sealed record PerplexityReport(
    string Model, string ModelDigest, string Texts, int Tokens, int Windows, int WindowTokens, int StrideTokens, double Perplexity,
    double FiringShare, PredictedReport? Predicted, long MemoryBytes, double Seconds)
{
    public static PerplexityReport Of(
        QualityFigures figures, QualityMeter meter, string model, string texts, string? predictor, double seconds) => new(
        model, meter.Dense.Image.ModelDigest, texts, figures.Tokens, figures.Windows, meter.WindowTokens, meter.StrideTokens,
        figures.Dense.Perplexity, figures.Dense.NeuronShare,
        figures.Predicted is { } p
            ? new PredictedReport(predictor!, p.Run.Perplexity, p.PerplexityRatio, p.AgreementShare, p.KlDivergenceNats, p.Run.NeuronShare)
            : null,
        meter.MemoryBytes, seconds);

    /// <summary>The figures as they are stored of <paramref name="identity"/>.</summary>
    public PredictorQuality ToQuality(PredictorIdentity identity) => new(
        identity, Predicted!.Perplexity, Perplexity, Predicted.AgreementShare, Predicted.KlDivergenceNats, Predicted.PredictedShare,
        FiringShare, Tokens, WindowTokens,
        StrideTokens, Texts, $"neuralink perplexity {typeof(PerplexityReport).Assembly.GetName().Version?.ToString(3)}");
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
