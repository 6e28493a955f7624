using System.Text;
using Neuralink.Models.Tokenizers.Subwords;

namespace Neuralink.Models.Tokenizers.Decoders;

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
