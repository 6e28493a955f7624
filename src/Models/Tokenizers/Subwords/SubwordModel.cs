using System.Runtime.InteropServices;

namespace Neuralink.Models.Tokenizers.Subwords;

/// <summary>What makes tokens of text. Thread safety: every member, from any thread.</summary>
/// <param name="wordStart">
/// The sign that begins a word, where no token reaches from one word into the next: each is encoded by itself then, with the same tokens,
/// but in linear time, and often from the cache. Null elsewhere.
/// </param>
internal abstract class SubwordModel(char? wordStart)
{
    private readonly WordCache _cache = new();

    /// <summary>Appends the tokens of <paramref name="piece"/>.</summary>
    /// <exception cref="Storage.NeuralinkException">There is no token for a part of it, nor one for what is unknown.</exception>
    public void Encode(ReadOnlySpan<char> piece, List<int> tokens)
    {
        if (wordStart is not { } sign)
        {
            EncodeWord(piece, tokens);
            return;
        }
        while (piece.Length > 0)
        {
            int end = WordStart.Next(piece, sign);
            EncodeWord(piece[..end], tokens);
            piece = piece[end..];
        }
    }

    /// <summary>Appends the tokens of one word, which is not empty.</summary>
    protected abstract void EncodeUncached(ReadOnlySpan<char> word, List<int> tokens);

    private void EncodeWord(ReadOnlySpan<char> word, List<int> tokens)
    {
        if (_cache.TryAppend(word, tokens))
            return;
        int start = tokens.Count;
        EncodeUncached(word, tokens);
        _cache.Keep(word, CollectionsMarshal.AsSpan(tokens)[start..]);
    }
}
