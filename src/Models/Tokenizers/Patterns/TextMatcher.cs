using Neuralink.Models.Tokenizers.Unicode;

namespace Neuralink.Models.Tokenizers.Patterns;

/// <summary>Finds the parts of a text that a step of a tokenizer is about. Thread safety: immutable.</summary>
internal abstract class TextMatcher
{
    /// <summary>Appends the matches in <paramref name="text"/>, in order; none overlaps another, and some may be empty.</summary>
    public abstract void FindAll(ReadOnlySpan<char> text, List<Range> matches);
}

/// <summary>Finds a text as it is written; an empty one is found between all characters.</summary>
internal sealed class LiteralMatcher(string literal) : TextMatcher
{
    public override void FindAll(ReadOnlySpan<char> text, List<Range> matches)
    {
        if (literal.Length == 0)
        {
            for (int at = 0; at <= text.Length; at += at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]) ? 2 : 1)
                matches.Add(at..at);
            return;
        }

        for (int from = 0; text[from..].IndexOf(literal, StringComparison.Ordinal) is int found and >= 0;)
        {
            matches.Add((from + found)..(from + found + literal.Length));
            from += found + literal.Length;
        }
    }
}

/// <summary>Finds each single character of a set.</summary>
internal sealed class CharacterMatcher(CodePointSet set) : TextMatcher
{
    public override void FindAll(ReadOnlySpan<char> text, List<Range> matches)
    {
        for (int at = 0; at < text.Length;)
        {
            bool isPair = at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]);
            int codePoint = isPair ? char.ConvertToUtf32(text[at], text[at + 1]) : text[at];
            int end = at + (isPair ? 2 : 1);
            if (set.Contains(codePoint))
                matches.Add(at..end);
            at = end;
        }
    }
}
