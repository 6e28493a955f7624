using Neuralink.Models.Tokenizers.Decoders;

namespace Neuralink.Models.Tokenizers;

/// <summary>
/// Decodes tokens one at a time. A character whose bytes are spread over several tokens comes out whole, with the last of them; all that
/// comes out, joined, is what <see cref="Tokenizer.Decode"/> gives for the same ids, but for byte tokens that are no UTF-8 where that
/// takes back characters it has already seen. Thread safety: none; one stream, one decoder.
/// </summary>
public sealed class StreamingDecoder
{
    private readonly Tokenizer _tokenizer;
    private readonly bool _skipSpecialTokens;
    private DecoderChain _chain;

    /// <param name="tokenizer">The tokenizer of the ids.</param>
    /// <param name="skipSpecialTokens">Whether special tokens are no text.</param>
    /// <param name="before">
    /// Tokens that the text goes on after, which are shown already: where a text begins some tokenizers leave out a space, elsewhere not.
    /// </param>
    public StreamingDecoder(Tokenizer tokenizer, bool skipSpecialTokens = true, ReadOnlySpan<int> before = default)
    {
        _tokenizer = tokenizer;
        _skipSpecialTokens = skipSpecialTokens;
        _chain = tokenizer.NewStream();
        foreach (int id in before)
            Append(id);
    }

    /// <summary>The text that <paramref name="id"/> completes; may be empty.</summary>
    public string Append(int id)
    {
        if (_tokenizer.Shown(id, _skipSpecialTokens) is { } token)
            _chain.Take(token);
        return _chain.Flush();
    }

    /// <summary>
    /// Ends the stream: U+FFFD where it ended inside a character, else mostly nothing. The decoder is then ready for another.
    /// </summary>
    public string Flush()
    {
        string rest = _chain.End();
        _chain = _tokenizer.NewStream();
        return rest;
    }
}
