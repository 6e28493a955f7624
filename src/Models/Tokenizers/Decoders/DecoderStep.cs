using System.Text;
using Neuralink.Models.Tokenizers.Patterns;
using Neuralink.Models.Tokenizers.Subwords;

namespace Neuralink.Models.Tokenizers.Decoders;

/// <summary>What a decoder is made of: a stage can be made of it for each text. Thread safety: immutable.</summary>
/// <param name="Make">Makes the stage; true for a text that is shown while it is made, false for one that is complete.</param>
internal sealed record DecoderStep(Func<bool, DecoderStage> Make)
{
    /// <summary>Bytes in their own alphabet become text.</summary>
    public static DecoderStep ByteLevel { get; } = new(_ => new ByteLevelStage());

    /// <summary>Tokens such as &lt;0x0A&gt; become the bytes they name.</summary>
    public static DecoderStep ByteFallback { get; } = new(isStream => new ByteFallbackStage(isStream));

    public static DecoderStep Replace(TextMatcher matcher, string content) => new(_ => new ReplaceStage(matcher, content));

    public static DecoderStep Metaspace(string replacement, bool dropsFirst) => new(_ => new MetaspaceStage(replacement, dropsFirst));

    /// <param name="content">The character to take away.</param>
    /// <param name="start">At most so many at the beginning.</param>
    /// <param name="stop">At most so many at the end.</param>
    /// <param name="ofWhole">Of the whole text, not of each token.</param>
    public static DecoderStep Strip(string content, int start, int stop, bool ofWhole) =>
        new(_ => ofWhole ? new StripTextStage(content, start, stop) : new StripTokenStage(content, start, stop));

    /// <summary>What happens without a decoder: spaces between the tokens.</summary>
    public static DecoderStep Spaced { get; } = new(_ => new SpacedStage());
}

/// <summary>
/// Bytes in their own alphabet become text; a character whose bytes are spread over several tokens comes with the last of them. Bytes
/// that are no UTF-8 become U+FFFD.
/// </summary>
internal sealed class ByteLevelStage : DecoderStage
{
    private readonly Decoder _utf8 = Encoding.UTF8.GetDecoder();

    public override void Take(string token) => Convert(ByteAlphabet.BytesOf(token), isEnd: false);

    public override void End()
    {
        Convert([], isEnd: true);
        Next.End();
    }

    private void Convert(ReadOnlySpan<byte> bytes, bool isEnd)
    {
        char[] chars = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length)];
        int count = _utf8.GetChars(bytes, chars, isEnd);
        if (count > 0)
            Next.Take(new string(chars, 0, count));
    }
}
