using System.Text;

namespace Neuralink.Models.Tests.Tokenizers;

/// <summary>Text of a seed: words, white space, digits, symbols, and characters of every length in UTF-8.</summary>
internal static class RandomText
{
    private static readonly string[] s_parts =
    [
        "the ", "Once", " upon", "'s", "'LL", " ", "  ", "\t", "\n", "\r\n", "\n\n", "1", "12345", "...", "!?",
        "\u00e9", "\u00a0", "\u2028", "\u4e2d\u6587",
    ];

    public static string Make(Random random, int partsMax)
    {
        StringBuilder text = new();
        for (int left = random.Next(partsMax + 1); left > 0; left--)
            text.Append(random.Next(3) == 0 ? AnyRune(random).ToString() : s_parts[random.Next(s_parts.Length)]);

        return text.ToString();
    }

    private static Rune AnyRune(Random random)
    {
        int limit = random.Next(4) switch { 0 => 0x80, 1 => 0x800, 2 => 0x10000, _ => 0x110000 };
        int value = random.Next(limit);
        return Rune.IsValid(value) ? new Rune(value) : Rune.ReplacementChar;
    }
}
