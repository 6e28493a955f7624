using System.Text;

namespace Neuralink.Models.Tokenizers.Subwords;

/// <summary>
/// The byte-level alphabet: each of the 256 bytes is written as one printable character, so that a vocabulary of byte
/// strings fits a text file. Printable Latin-1 bytes stand for themselves; the other 68 are moved to U+0100 and up, in
/// order (a space becomes 'Ġ', U+0120). From GPT-2's encoder (Radford et al. 2019, section 2.2).
/// </summary>
internal static class ByteAlphabet
{
    private const int CodeCount = 256 + 68;

    private static readonly char[] s_toChar = BuildToChar();
    private static readonly short[] s_toByte = BuildToByte();

    /// <summary>The character that stands for <paramref name="value"/>.</summary>
    public static char ToChar(byte value) => s_toChar[value];

    /// <summary>
    /// The bytes a vocabulary entry stands for. An entry with a character outside the alphabet (a control token, say) is
    /// not byte-encoded and stands for its own UTF-8 bytes.
    /// </summary>
    public static byte[] BytesOf(string token)
    {
        byte[] bytes = new byte[token.Length];
        for (int i = 0; i < token.Length; i++)
        {
            short value = token[i] < CodeCount ? s_toByte[token[i]] : (short)-1;
            if (value < 0)
                return Encoding.UTF8.GetBytes(token);

            bytes[i] = (byte)value;
        }

        return bytes;
    }

    private static char[] BuildToChar()
    {
        char[] map = new char[256];
        int moved = 0;
        for (int value = 0; value < 256; value++)
        {
            bool printable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            map[value] = printable ? (char)value : (char)(256 + moved++);
        }

        return map;
    }

    private static short[] BuildToByte()
    {
        short[] map = new short[CodeCount];
        Array.Fill(map, (short)-1);
        for (int value = 0; value < 256; value++)
            map[s_toChar[value]] = (short)value;

        return map;
    }
}
