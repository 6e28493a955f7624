using System.Text;
using Neuralink.Models.Tokenizers.Patterns;
using Neuralink.Models.Tokenizers.Unicode;

namespace Neuralink.Models.Tokenizers.Normalizers;

/// <summary>A change made to the text before it is cut into words. Thread safety: immutable.</summary>
internal abstract class Normalizer
{
    /// <summary>The changed text; the same object where nothing changes.</summary>
    public abstract string Normalize(string text);
}

/// <summary>Several changes, one after the other.</summary>
internal sealed class NormalizerSequence(IReadOnlyList<Normalizer> steps) : Normalizer
{
    public override string Normalize(string text)
    {
        foreach (Normalizer step in steps)
            text = step.Normalize(text);
        return text;
    }
}

/// <summary>Puts something in front of a text that is not empty.</summary>
internal sealed class PrependNormalizer(string prefix) : Normalizer
{
    public override string Normalize(string text) => text.Length == 0 ? text : prefix + text;
}

/// <summary>Puts <paramref name="content"/> in the place of each match.</summary>
internal sealed class ReplaceNormalizer(TextMatcher matcher, string content) : Normalizer
{
    public override string Normalize(string text) => Replacement.Of(text, matcher, content);
}

/// <summary>Takes white space away from the ends.</summary>
internal sealed class StripNormalizer(bool left, bool right) : Normalizer
{
    public override string Normalize(string text)
    {
        int start = 0, end = text.Length;
        while (left && start < end && UnicodeSets.Space.ContainsBmp(text[start]))
            start++;
        while (right && end > start && UnicodeSets.Space.ContainsBmp(text[end - 1]))
            end--;
        return text[start..end];
    }
}

/// <summary>Leaves one space of several, and none at the ends.</summary>
internal sealed class ExtraSpacesNormalizer : Normalizer
{
    public override string Normalize(string text) => string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries));
}

/// <summary>
/// Replaces each letter by its lower case, character by character: a final sigma is not told from others. One capital has a lower case of
/// two characters.
/// </summary>
internal sealed class LowercaseNormalizer : Normalizer
{
    private const char DottedCapitalI = '\u0130';

    public override string Normalize(string text)
    {
        StringBuilder lower = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (rune.Value == DottedCapitalI)
                lower.Append("i\u0307");
            else
                lower.Append(Rune.ToLowerInvariant(rune));
        }
        return lower.ToString();
    }
}

/// <summary>One of Unicode's four normal forms.</summary>
internal sealed class UnicodeNormalizer(NormalizationForm form) : Normalizer
{
    public override string Normalize(string text) => NormalForm.Of(text, form);
}

/// <summary>Replacing by a matcher.</summary>
internal static class Replacement
{
    /// <summary>The text with <paramref name="content"/> in the place of each match.</summary>
    public static string Of(string text, TextMatcher matcher, string content)
    {
        List<Range> matches = [];
        matcher.FindAll(text, matches);
        if (matches.Count == 0)
            return text;
        StringBuilder replaced = new(text.Length);
        int done = 0;
        foreach (Range match in matches)
        {
            replaced.Append(text, done, match.Start.Value - done).Append(content);
            done = match.End.Value;
        }
        return replaced.Append(text, done, text.Length - done).ToString();
    }
}
