using Neuralink.Models.Inference;

namespace Neuralink;

/// <summary>
/// The engine's one sequence of keys and values, and whose tokens they are. Jobs take it in turn. A job that continues a conversation finds
/// the keys of what its prompt shares with the text before it; any other begins with an empty one.
/// </summary>
/// <param name="create">Makes an empty sequence over the pool.</param>
internal sealed class KeptSequence(Func<KvSequence> create)
{
    private readonly List<int> _tokens = [];
    private KvSequence _sequence = create();

    /// <summary>An empty sequence.</summary>
    public KvSequence Take() => Take([], isContinued: false);

    /// <summary>The sequence, with the keys of the longest common beginning of what it holds and of <paramref name="prompt"/>.</summary>
    /// <param name="prompt">The tokens that are run. The last of them is run in any case: its logits are wanted.</param>
    /// <param name="isContinued">False for an empty sequence whatever the prompt.</param>
    public KvSequence Take(ReadOnlySpan<int> prompt, bool isContinued)
    {
        int common = 0;
        while (isContinued && common < _tokens.Count && common < prompt.Length - 1 && _tokens[common] == prompt[common])
            common++;
        Keep(common);
        return _sequence;
    }

    /// <summary>A job is over. Its first tokens, whose keys are all there, are kept.</summary>
    /// <param name="tokens">What passes have run; none is kept of a job that is not to be continued.</param>
    public void Return(ReadOnlySpan<int> tokens)
    {
        _tokens.Clear();
        foreach (int token in tokens)
            _tokens.Add(token);
        Keep(tokens.Length);
    }

    /// <summary>The actors start anew over an empty pool.</summary>
    public void Reset()
    {
        _tokens.Clear();
        _sequence = create();
    }

    private void Keep(int count)
    {
        _sequence.Truncate(count);
        _tokens.RemoveRange(Math.Min(count, _tokens.Count), Math.Max(0, _tokens.Count - count));
    }
}
