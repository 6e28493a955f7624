using System.Globalization;
using System.Text;

namespace Neuralink.Models.Tokenizers;

/// <summary>
/// Lets .NET's regular expressions, which see UTF-16 code units, match characters outside the Basic Multilingual Plane as
/// the one letter, digit or symbol each is. The text is matched in a shadow where each surrogate pair is replaced by one
/// BMP character of the same general category, chosen so that published patterns name none of them; a half pair stands
/// for U+FFFD, which is what it is encoded as.
/// </summary>
internal static class AstralShadow
{
    /// <summary>Whether the text has any surrogate; without one it is its own shadow.</summary>
    public static bool IsNeeded(ReadOnlySpan<char> text) => text.IndexOfAnyInRange('\uD800', '\uDFFF') >= 0;

    /// <summary>Writes the shadow of <paramref name="text"/>, of as many chars as it has runes; returns their number.</summary>
    public static int Write(ReadOnlySpan<char> text, Span<char> shadow)
    {
        int count = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            shadow[count++] = rune.IsBmp ? (char)rune.Value : StandIn(Rune.GetUnicodeCategory(rune));
        }

        return count;
    }

    /// <summary>How many chars the first <paramref name="runeCount"/> runes of <paramref name="text"/> have.</summary>
    public static int CharsOf(ReadOnlySpan<char> text, int runeCount)
    {
        int chars = 0;
        for (int i = 0; i < runeCount; i++)
        {
            chars += char.IsHighSurrogate(text[chars]) && chars + 1 < text.Length && char.IsLowSurrogate(text[chars + 1]) ? 2 : 1;
        }

        return chars;
    }

    // Letters without a case where there is one, so that a case-insensitive group cannot reach them.
    internal static char StandIn(UnicodeCategory category) => category switch
    {
        UnicodeCategory.UppercaseLetter => '\u03D2',
        UnicodeCategory.LowercaseLetter => '\u0138',
        UnicodeCategory.TitlecaseLetter => '\u01C5',
        UnicodeCategory.ModifierLetter => '\u02B9',
        UnicodeCategory.OtherLetter => '\u01BB',
        UnicodeCategory.NonSpacingMark => '\u0300',
        UnicodeCategory.SpacingCombiningMark => '\u0903',
        UnicodeCategory.EnclosingMark => '\u0488',
        UnicodeCategory.DecimalDigitNumber => '\u0660',
        UnicodeCategory.LetterNumber => '\u3007',
        UnicodeCategory.OtherNumber => '\u00B2',
        UnicodeCategory.SpaceSeparator => '\u2000',
        UnicodeCategory.LineSeparator => '\u2028',
        UnicodeCategory.ParagraphSeparator => '\u2029',
        UnicodeCategory.Control => '\u0080',
        UnicodeCategory.Format => '\u2060',
        UnicodeCategory.PrivateUse => '\uE000',
        UnicodeCategory.ConnectorPunctuation => '\u203F',
        UnicodeCategory.DashPunctuation => '\u2010',
        UnicodeCategory.OpenPunctuation => '\u2045',
        UnicodeCategory.ClosePunctuation => '\u2046',
        UnicodeCategory.InitialQuotePunctuation => '\u00AB',
        UnicodeCategory.FinalQuotePunctuation => '\u00BB',
        UnicodeCategory.OtherPunctuation => '\u00A7',
        UnicodeCategory.MathSymbol => '\u00AC',
        UnicodeCategory.CurrencySymbol => '\u00A4',
        UnicodeCategory.ModifierSymbol => '\u00A8',
        UnicodeCategory.OtherSymbol => '\u00A6',
        _ => '\uFFFF',
    };
}
