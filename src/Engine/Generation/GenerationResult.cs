
namespace Neuralink;

/// <summary>Why a generation ended.</summary>
public enum FinishReason
{
    /// <summary>The model ended the text, or a stop text appeared.</summary>
    Stop,

    /// <summary>As many tokens as were asked for.</summary>
    Length,
}

/// <summary>A finished text with its metrics.</summary>
public sealed record GenerationResult
{
    /// <summary>What was generated, without the prompt.</summary>
    public required string Text { get; init; }

    /// <summary>Tokens of the prompt.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Of them, those that were not run, because an earlier text began with them.</summary>
    public required int ReusedTokens { get; init; }

    /// <summary>The generated ids.</summary>
    public required IReadOnlyList<int> Tokens { get; init; }

    /// <summary>Why it ended.</summary>
    public required FinishReason FinishReason { get; init; }

    /// <summary>How long it took.</summary>
    public required GenerationTimings Timings { get; init; }

    /// <summary>Where the time went, and what was read.</summary>
    public required IoMetrics Io { get; init; }

    /// <summary>The same of each layer.</summary>
    public required IReadOnlyList<IoMetrics> Layers { get; init; }

    /// <summary>Share of the neurons that fired, over all layers and tokens.</summary>
    public double ActiveShare => Io.ActiveShare;
}

/// <summary>Times of one generation.</summary>
public sealed record GenerationTimings
{
    /// <summary>From the request to the start, while others ran, in milliseconds.</summary>
    public required double WaitMillis { get; init; }

    /// <summary>From the start to the logits after the prompt, in milliseconds.</summary>
    public required double PromptMillis { get; init; }

    /// <summary>From there to the last token, in milliseconds.</summary>
    public required double PredictedMillis { get; init; }

    /// <summary>From the start to the first token, in milliseconds.</summary>
    public required double FirstTokenMillis { get; init; }

    /// <summary>Prompt tokens a second.</summary>
    public required double PromptPerSecond { get; init; }

    /// <summary>Tokens after the first a second, or 0 for fewer than two.</summary>
    public required double PredictedPerSecond { get; init; }
}

/// <summary>How well the model predicts a text.</summary>
/// <param name="Tokens">Tokens that were scored.</param>
/// <param name="NegativeLogLikelihood">Their sum, in nats.</param>
/// <param name="Io">What was read, and how many neurons were predicted and fired, of all tokens that were run.</param>
public sealed record ScoreResult(int Tokens, double NegativeLogLikelihood, IoMetrics Io)
{
    /// <summary>exp of the mean.</summary>
    public double Perplexity => Math.Exp(NegativeLogLikelihood / Tokens);
}
