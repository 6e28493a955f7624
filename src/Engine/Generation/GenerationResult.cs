
namespace Neuralink;

/// <summary>Why a generation ended.</summary>
public enum FinishReason
{
    /// <summary>The model ended the text, or a stop text appeared.</summary>
    Stop,

    /// <summary>As many tokens as were asked for.</summary>
    Length,
}

/// <summary>A finished text with its figures.</summary>
/// <param name="Text">What was generated, without the prompt.</param>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="Tokens">The generated ids.</param>
/// <param name="FinishReason">Why it ended.</param>
/// <param name="Timings">How long it took.</param>
/// <param name="Io">Where the time went, and what was read.</param>
/// <param name="Layers">The same of each layer.</param>
public sealed record GenerationResult(
    string Text, int PromptTokens, IReadOnlyList<int> Tokens, FinishReason FinishReason, GenerationTimings Timings, IoFigures Io, IReadOnlyList<IoFigures> Layers)
{
    /// <summary>Share of the neurons that fired, over all layers and tokens.</summary>
    public double FiringShare => Io.FiringShare;
}

/// <summary>Times of one generation, in milliseconds.</summary>
/// <param name="PromptMillis">From the start to the logits after the prompt.</param>
/// <param name="PredictedMillis">From there to the last token.</param>
/// <param name="FirstTokenMillis">From the start to the first token.</param>
/// <param name="PromptPerSecond">Prompt tokens a second.</param>
/// <param name="PredictedPerSecond">Tokens after the first a second, or 0 for fewer than two.</param>
public sealed record GenerationTimings(double PromptMillis, double PredictedMillis, double FirstTokenMillis, double PromptPerSecond, double PredictedPerSecond);

/// <summary>How well the model predicts a text.</summary>
/// <param name="Tokens">Tokens that were scored.</param>
/// <param name="NegativeLogLikelihood">Their sum, in nats.</param>
/// <param name="Io">What was read, and how many neurons were predicted and fired, of all tokens that were run.</param>
public sealed record ScoreResult(int Tokens, double NegativeLogLikelihood, IoFigures Io)
{
    /// <summary>exp of the mean.</summary>
    public double Perplexity => Math.Exp(NegativeLogLikelihood / Tokens);
}
