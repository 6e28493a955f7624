using System.Buffers;
using System.Globalization;

namespace Neuralink.Models.Tokenizers;

/// <summary>
/// Finds added tokens in text: the leftmost first, the longest of those that begin at one place.
/// Thread safety: immutable.
/// </summary>
internal sealed class AddedTokenSplitter
{
    private readonly SearchValues<string>? _contents;
    private readonly Dictionary<char, AddedToken[]> _byFirstChar;

    public AddedTokenSplitter(IEnumerable<AddedToken> tokens)
    {
        _byFirstChar = tokens
            .GroupBy(token => token.Content[0])
            .ToDictionary(group => group.Key, group => group.OrderByDescending(token => token.Content.Length).ToArray());
        string[] contents = [.. _byFirstChar.Values.SelectMany(group => group).Select(token => token.Content)];
        _contents = contents.Length > 0 ? SearchValues.Create(contents, StringComparison.Ordinal) : null;
    }

    /// <summary>
    /// Cuts text[<paramref name="part"/>] and appends its pieces in order: an added token's id with the range it takes, or
    /// null with a range between added tokens, never empty.
    /// </summary>
    public void Cut(ReadOnlySpan<char> text, Range part, List<(int? Id, Range Range)> pieces)
    {
        (int offset, int length) = part.GetOffsetAndLength(text.Length);
        ReadOnlySpan<char> searched = text.Slice(offset, length);
        int done = 0;
        int from = 0;
        while (Find(searched, from) is (int start, AddedToken token))
        {
            int end = start + token.Content.Length;
            from = end;
            if (token.SingleWord && !StandsAlone(searched, start, end))
            {
                continue;
            }

            if (token.StripsLeft)
            {
                start = done + searched[done..start].TrimEnd().Length;
            }

            if (token.StripsRight)
            {
                end = searched.Length - searched[end..].TrimStart().Length;
                from = end;
            }

            if (start > done)
            {
                pieces.Add((null, (offset + done)..(offset + start)));
            }

            pieces.Add((token.Id, (offset + start)..(offset + end)));
            done = end;
        }

        if (done < searched.Length)
        {
            pieces.Add((null, (offset + done)..(offset + searched.Length)));
        }
    }

    private (int Start, AddedToken Token)? Find(ReadOnlySpan<char> text, int from)
    {
        int found = _contents is null ? -1 : text[from..].IndexOfAny(_contents);
        if (found < 0)
        {
            return null;
        }

        int start = from + found;
        foreach (AddedToken token in _byFirstChar[text[start]])
        {
            if (text[start..].StartsWith(token.Content, StringComparison.Ordinal))
            {
                return (start, token);
            }
        }

        throw new InvalidOperationException("The search found a token that is not one.");
    }

    private static bool StandsAlone(ReadOnlySpan<char> text, int start, int end) =>
        !(start > 0 && IsWordChar(text[start - 1])) && !(end < text.Length && IsWordChar(text[end]));

    // The class \w; half of a surrogate pair counts as a symbol.
    private static bool IsWordChar(char value) => char.GetUnicodeCategory(value) is
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
        or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter or UnicodeCategory.LetterNumber
        or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.ConnectorPunctuation
        or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;
}
