using System.Text;
using Neuralink.Models.Sampling;
using Neuralink.Models.Tokenizers;
using Neuralink.Server.Generation;

namespace Neuralink.Server.Answers;

/// <summary>Probabilities as chat clients read them.</summary>
internal sealed record ChatLogProbs(IReadOnlyList<ChatLogProb> Content);

/// <summary>A token of an answer, with what else might have come.</summary>
internal sealed record ChatLogProb(string Token, double Logprob, int[] Bytes, IReadOnlyList<TopLogProb> TopLogprobs);

/// <summary>A token that might have come.</summary>
internal sealed record TopLogProb(string Token, double Logprob, int[] Bytes);

/// <summary>Probabilities as clients of the older completions read them: four lists of one length.</summary>
internal sealed record CompletionLogProbs(
    IReadOnlyList<string> Tokens, IReadOnlyList<double?> TokenLogprobs, IReadOnlyList<Dictionary<string, double>?> TopLogprobs,
    IReadOnlyList<int> TextOffset);

/// <summary>Writes probabilities in both shapes.</summary>
/// <param name="tokenizer">The texts of tokens that were not chosen.</param>
internal sealed class LogProbShapes(Tokenizer tokenizer)
{
    // JSON has no infinity; OpenAI says this of a token that cannot follow.
    private const double LeastLogProb = -9999;

    public ChatLogProbs Chat(IEnumerable<TokenEntry> tokens) => new([.. tokens.Select(ToChat)]);

    /// <param name="tokens">The tokens.</param>
    /// <param name="offset">Where the first begins in the choice's text; then where the next would.</param>
    public CompletionLogProbs Completion(IReadOnlyList<TokenEntry> tokens, ref int offset)
    {
        List<int> offsets = [];
        foreach (TokenEntry token in tokens)
        {
            offsets.Add(offset);
            offset += token.Text.EnumerateRunes().Count();
        }
        return new CompletionLogProbs(
            [.. tokens.Select(token => token.Text)],
            [.. tokens.Select(token => token.LogProbs is { } logProbs ? Finite(logProbs.Chosen) : (double?)null)],
            [.. tokens.Select(token => token.LogProbs is { } logProbs ? TopOf(token, logProbs) : null)], offsets);
    }

    private ChatLogProb ToChat(TokenEntry token)
    {
        TokenLogProbs logProbs = token.LogProbs!;      // a chat has no echo
        return new ChatLogProb(
            token.Text, Finite(logProbs.Chosen), BytesOf(token.Text), [.. logProbs.Top.Select(other => Top(token, logProbs, other))]);
    }

    // Two tokens may have one text, of which the more probable counts.
    private Dictionary<string, double> TopOf(TokenEntry token, TokenLogProbs logProbs)
    {
        Dictionary<string, double> top = new(StringComparer.Ordinal);
        foreach (TokenLogProb other in logProbs.Top)
            top.TryAdd(TextOf(token, logProbs, other), Finite(other));
        return top;
    }

    private TopLogProb Top(TokenEntry token, TokenLogProbs logProbs, TokenLogProb other)
    {
        string text = TextOf(token, logProbs, other);
        return new TopLogProb(text, Finite(other), BytesOf(text));
    }

    private string TextOf(TokenEntry token, TokenLogProbs logProbs, TokenLogProb other)
    {
        if (other.Id == logProbs.Chosen.Id && token.Text.Length > 0)
            return token.Text;
        // After a token, as a decoder may leave out a space where a text begins.
        StreamingDecoder decoder = new(tokenizer, skipSpecialTokens: false, before: [logProbs.Chosen.Id]);
        return decoder.Append(other.Id) + decoder.Flush();
    }

    private static double Finite(TokenLogProb token) => Math.Max(LeastLogProb, token.LogProb);

    private static int[] BytesOf(string text) => [.. Encoding.UTF8.GetBytes(text).Select(value => (int)value)];
}
