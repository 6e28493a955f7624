using System.Text;

namespace Neuralink.Server.Generation;

/// <summary>A token of an answer, with its probabilities.</summary>
/// <param name="Text">The part of the answer's text that is its own.</param>
/// <param name="LogProbs">How likely it was; null for a prompt's first token, which follows nothing.</param>
internal sealed record TokenEntry(string Text, Models.Sampling.TokenLogProbs? LogProbs);

/// <summary>What became certain of one choice.</summary>
/// <param name="Index">Which choice.</param>
/// <param name="Text">More of its text.</param>
/// <param name="Tokens">The tokens of that text, where probabilities were asked for.</param>
/// <param name="Result">All of it, with the last update.</param>
internal sealed record ChoiceUpdate(int Index, string Text, IReadOnlyList<TokenEntry> Tokens, GenerationResult? Result);

/// <summary>
/// Joins the tokens of a choice with its text. A token goes out with the text that it made, so that the texts of the tokens are together
/// the text of the choice, also where a stop text cuts it off.
/// </summary>
/// <param name="index">Which choice.</param>
internal sealed class ChoiceText(int index)
{
    private readonly Queue<TokenEntry> _pending = new();
    private int _uncovered;      // chars that went out and whose tokens did not

    /// <summary>What a client is sent of an event, or null for nothing.</summary>
    public ChoiceUpdate? Accept(GenerationEvent happened) => happened switch
    {
        TokenGenerated token => Accept(token),
        GenerationFinished finished => new ChoiceUpdate(index, finished.Text, Rest(finished.Text), finished.Result),
        _ => null,
    };

    private ChoiceUpdate? Accept(TokenGenerated token)
    {
        if (token.LogProbs is { } logProbs)
            _pending.Enqueue(new TokenEntry(token.Piece, logProbs));
        if (token.Text.Length == 0)
            return null;
        _uncovered += token.Text.Length;
        List<TokenEntry> covered = [];
        while (_pending.TryPeek(out TokenEntry? next) && next.Text.Length <= _uncovered)
        {
            covered.Add(_pending.Dequeue());
            _uncovered -= next.Text.Length;
        }
        return new ChoiceUpdate(index, token.Text, covered, Result: null);
    }

    // A stop text took the end of the last token's text, or all of it; a broken character at the end belongs to whoever began it.
    private List<TokenEntry> Rest(string text)
    {
        _uncovered += text.Length;
        List<TokenEntry> rest = [];
        while (_uncovered > 0 && _pending.TryDequeue(out TokenEntry? next))
        {
            int length = Math.Min(next.Text.Length, _uncovered);
            rest.Add(next with { Text = next.Text[..length] });
            _uncovered -= length;
        }
        if (_uncovered > 0 && rest.Count > 0)
        {
            string joined = string.Concat(rest.Select(entry => entry.Text));
            rest[^1] = rest[^1] with { Text = rest[^1].Text + text[Math.Min(joined.Length, text.Length)..] };
        }
        return rest;
    }
}

/// <summary>A choice that is complete.</summary>
internal sealed class Choice
{
    private readonly StringBuilder _text = new();
    private readonly List<TokenEntry> _tokens = [];

    public string Text => _text.ToString();

    public IReadOnlyList<TokenEntry> Tokens => _tokens;

    public GenerationResult Result { get; private set; } = null!;

    public void Add(ChoiceUpdate update)
    {
        _text.Append(update.Text);
        _tokens.AddRange(update.Tokens);
        Result = update.Result ?? Result;
    }
}
