namespace Neuralink.Evaluation;

/// <summary>One window of a text: its tokens, of which the first are context and the others are scored.</summary>
/// <param name="Tokens">At least two.</param>
/// <param name="ContextTokens">At least one.</param>
internal sealed record ScoreWindow(ReadOnlyMemory<int> Tokens, int ContextTokens)
{
    /// <summary>Tokens that are scored.</summary>
    public int ScoredTokens => Tokens.Length - ContextTokens;
}

/// <summary>
/// Texts longer than a model's context, cut into windows that overlap. A window begins <c>stride</c> tokens after the one before it and
/// scores only what that one had not: so each token but a text's first is scored once, and behind a text's first window with at least
/// window - stride tokens of context (Hugging Face, "Perplexity of fixed-length models"). The first window scores all of its tokens but the
/// first; a text's last may be shorter.
/// </summary>
internal static class SlidingWindows
{
    /// <summary>Cuts texts; no window spans two of them.</summary>
    /// <param name="texts">Each of at least two tokens.</param>
    /// <param name="windowTokens">Tokens of a window, context included: at least two.</param>
    /// <param name="strideTokens">From one window to the next: 1 to <paramref name="windowTokens"/> - 1, so that
    /// every window has context.</param>
    public static IReadOnlyList<ScoreWindow> Cut(IEnumerable<int[]> texts, int windowTokens, int strideTokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(windowTokens, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(strideTokens, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(strideTokens, windowTokens);
        List<ScoreWindow> windows = [];
        foreach (int[] text in texts)
        {
            if (text.Length < 2)
                throw new ArgumentException($"A text of {text.Length} tokens has none to score.", nameof(texts));
            int scored = 1;
            for (int begin = 0; scored < text.Length; begin += strideTokens)
            {
                int end = Math.Min(begin + windowTokens, text.Length);
                windows.Add(new ScoreWindow(text.AsMemory(begin, end - begin), scored - begin));
                scored = end;
            }
        }
        return windows;
    }
}
