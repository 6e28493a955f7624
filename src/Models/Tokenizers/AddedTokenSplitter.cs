using System.Buffers;
using System.Text;
using Neuralink.Models.Tokenizers.Unicode;

namespace Neuralink.Models.Tokenizers;

/// <summary>
/// Finds added tokens in text: the leftmost first, the longest of those that begin at one place.
/// Thread safety: immutable.
/// </summary>
internal sealed class AddedTokenSplitter
{

    private readonly SearchValues<string>? _searched;
    private readonly Dictionary<char, (string Searched, AddedToken Token)[]> _byFirstChar;

    /// <param name="tokens">The tokens, and the text that each is searched by, which is not empty.</param>
    public AddedTokenSplitter(IEnumerable<(string Searched, AddedToken Token)> tokens)
    {
        _byFirstChar = tokens
            .GroupBy(token => token.Searched[0])
            .ToDictionary(group => group.Key, group => group.OrderByDescending(token => token.Searched.Length).ToArray());
        string[] searched = [.. _byFirstChar.Values.SelectMany(group => group).Select(token => token.Searched)];
        _searched = searched.Length > 0 ? SearchValues.Create(searched, StringComparison.Ordinal) : null;
    }

    /// <summary>
    /// Cuts <paramref name="text"/> and appends its pieces in order: an added token's id with the range it takes, or null with a range
    /// between added tokens, never empty. White space that a token takes along may be a token of its own too, as in Hugging Face's
    /// tokenizers: it is then both.
    /// </summary>
    public void Cut(ReadOnlySpan<char> text, List<(int? Id, Range Range)> pieces)
    {
        int done = 0, from = 0;
        while (Find(text, from) is (int start, int end, AddedToken token))
        {
            from = end;
            if (token.SingleWord && !StandsAlone(text, start, end))
                continue;
            if (token.StripsLeft)
            {
                while (start > done && UnicodeSets.Space.ContainsBmp(text[start - 1]))
                    start--;
                start = Math.Max(start, done);
            }
            while (token.StripsRight && end < text.Length && UnicodeSets.Space.ContainsBmp(text[end]))
                end++;
            if (start > done)
                pieces.Add((null, done..start));
            pieces.Add((token.Id, start..end));
            done = end;
        }
        if (done < text.Length)
            pieces.Add((null, done..text.Length));
    }

    private (int Start, int End, AddedToken Token)? Find(ReadOnlySpan<char> text, int from)
    {
        int found = _searched is null ? -1 : text[from..].IndexOfAny(_searched);
        if (found < 0)
            return null;
        int start = from + found;
        foreach ((string searched, AddedToken token) in _byFirstChar[text[start]])
        {
            if (text[start..].StartsWith(searched, StringComparison.Ordinal))
                return (start, start + searched.Length, token);
        }
        throw new InvalidOperationException("The search found a token that is not one.");
    }

    private static bool StandsAlone(ReadOnlySpan<char> text, int start, int end)
    {
        Rune.DecodeLastFromUtf16(text[..start], out Rune before, out _);
        Rune.DecodeFromUtf16(text[end..], out Rune after, out _);
        return !(start > 0 && OtherSets.Word.Contains(before.Value)) && !(end < text.Length && OtherSets.Word.Contains(after.Value));
    }
}
