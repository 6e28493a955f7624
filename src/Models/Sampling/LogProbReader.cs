namespace Neuralink.Models.Sampling;

/// <summary>A token, and how likely the model thinks it.</summary>
/// <param name="Id">The token.</param>
/// <param name="LogProb">The natural logarithm of its probability, 0 or less; minus infinity for a token that cannot follow.</param>
public readonly record struct TokenLogProb(int Id, double LogProb);

/// <summary>
/// Says how likely tokens are by the model's own distribution, the softmax of its logits: before temperature, penalties and filters, which
/// decide what is chosen. Thread safety: none; one generation, one reader.
/// </summary>
public sealed class LogProbReader
{
    private readonly int _top;
    private readonly ulong[] _candidates;

    /// <param name="top">How many of the most probable tokens are wanted, 0 or more.</param>
    /// <param name="vocabularySize">How many logits each call brings.</param>
    public LogProbReader(int top, int vocabularySize)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(top);
        _top = Math.Min(top, vocabularySize);
        _candidates = top == 0 ? [] : new ulong[vocabularySize];
    }

    /// <summary>How likely one token is, and which are the most probable.</summary>
    /// <param name="logits">[vocabularySize], none of them NaN or plus infinity.</param>
    /// <param name="id">The token.</param>
    public TokenLogProbs Read(ReadOnlySpan<float> logits, int id)
    {
        double normaliser = LogSumExp(logits);
        return new TokenLogProbs(Of(logits, id), _top == 0 ? [] : Top(logits));

        TokenLogProb Of(ReadOnlySpan<float> values, int token) => new(token, Math.Min(0, values[token] - normaliser));

        TokenLogProb[] Top(ReadOnlySpan<float> values)
        {
            for (int token = 0; token < values.Length; token++)
                _candidates[token] = Candidate.Pack(values[token], token);
            TokenLogProb[] top = new TokenLogProb[TopK.Select(_candidates, _top)];
            for (int i = 0; i < top.Length; i++)
                top[i] = Of(values, Candidate.IdOf(_candidates[i]));
            return top;
        }
    }

    private static double LogSumExp(ReadOnlySpan<float> logits)
    {
        double highest = logits[Sampler.ArgMax(logits)], sum = 0;
        foreach (float logit in logits)
            sum += Math.Exp(logit - highest);
        return highest + Math.Log(sum);
    }
}

/// <summary>How likely a chosen token was, and what else might have come.</summary>
/// <param name="Chosen">The token that was chosen.</param>
/// <param name="Top">The most probable ones, the most probable first, as many as were asked for.</param>
public sealed record TokenLogProbs(TokenLogProb Chosen, IReadOnlyList<TokenLogProb> Top);
