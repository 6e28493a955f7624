namespace Neuralink;

/// <summary>What to score.</summary>
public sealed record ScoreRequest
{
    /// <summary>The text's token ids: at least two, at most one more than the engine's context.</summary>
    public required ReadOnlyMemory<int> Tokens { get; init; }

    /// <summary>
    /// The first of <see cref="Tokens"/> that are only run, not scored: at least one, because the first token follows nothing, and not all.
    /// </summary>
    public int ContextTokens { get; init; } = 1;

    /// <summary>Is shown the logits of each scored token, or null.</summary>
    public LogitsReader? ReadLogits { get; init; }
}

/// <summary>
/// Is shown the logits that a token is scored by, token after token, on the engine's own thread: quick, and never throwing.
/// </summary>
/// <param name="index">The token that they predict, in <see cref="ScoreRequest.Tokens"/>.</param>
/// <param name="logits">[vocabulary], valid during the call.</param>
public delegate void LogitsReader(int index, ReadOnlySpan<float> logits);
