namespace Neuralink.Models.Tokenizers.Subwords;

/// <summary>
/// The sign that begins a word ('▁'), in vocabularies where it only ever stands at a token's front: there no merge reaches over the
/// place before it, so that the words of a text can be encoded one by one.
/// </summary>
internal static class WordStart
{
    private const char Sign = '\u2581';

    /// <summary>The sign, or null where some token has it behind another character, or none is the sign alone.</summary>
    public static char? Of(IReadOnlyDictionary<string, int> vocabulary) =>
        vocabulary.ContainsKey(Sign.ToString()) && !vocabulary.Keys.Any(token => Next(token, Sign) < token.Length) ? Sign : null;

    /// <summary>Where the second word of <paramref name="text"/> begins, or its length.</summary>
    public static int Next(ReadOnlySpan<char> text, char sign)
    {
        for (int at = 1; at < text.Length; at++)
        {
            int found = text[at..].IndexOf(sign);
            if (found < 0)
                return text.Length;
            at += found;
            if (text[at - 1] != sign)
                return at;
        }
        return text.Length;
    }
}
