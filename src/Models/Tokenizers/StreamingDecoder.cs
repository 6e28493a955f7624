using System.Text;

namespace Neuralink.Models.Tokenizers;

/// <summary>
/// Decodes tokens one at a time. A character whose bytes are spread over several tokens comes out whole, with the last of
/// them; all that comes out, joined, is what <see cref="Tokenizer.Decode"/> gives for the same ids.
/// Thread safety: none; one stream, one decoder.
/// </summary>
public sealed class StreamingDecoder
{
    private readonly Tokenizer _tokenizer;
    private readonly bool _skipSpecialTokens;
    private readonly Decoder _utf8 = Encoding.UTF8.GetDecoder();

    public StreamingDecoder(Tokenizer tokenizer, bool skipSpecialTokens = true)
    {
        _tokenizer = tokenizer;
        _skipSpecialTokens = skipSpecialTokens;
    }

    /// <summary>The text that <paramref name="id"/> completes; may be empty.</summary>
    public string Append(int id) => Convert(_tokenizer.BytesOf(id, _skipSpecialTokens), flush: false);

    /// <summary>
    /// Ends the stream: U+FFFD where it ended inside a character, else nothing. The decoder is then ready for another.
    /// </summary>
    public string Flush() => Convert([], flush: true);

    private string Convert(ReadOnlySpan<byte> bytes, bool flush)
    {
        int charCount = _utf8.GetCharCount(bytes, flush);
        if (charCount == 0)
        {
            // Bytes of an unfinished character still have to be taken in.
            _utf8.GetChars(bytes, [], flush);
            return "";
        }

        char[] chars = new char[charCount];
        _utf8.GetChars(bytes, chars, flush);
        return new string(chars);
    }
}
