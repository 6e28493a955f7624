using System.Buffers;
using System.Text.RegularExpressions;

namespace Neuralink.Models.Tokenizers;

/// <summary>
/// One step of pre-tokenisation: cuts a piece of text where a pattern matches. Matches and the gaps between them become
/// pieces of their own ("Isolated"), or only one of the two is kept ("Removed").
/// Thread safety: immutable.
/// </summary>
internal sealed class SplitStep
{
    private readonly Regex _pattern;
    private readonly bool _keepsMatches;
    private readonly bool _keepsGaps;

    public SplitStep(Regex pattern, bool keepsMatches = true, bool keepsGaps = true)
    {
        _pattern = pattern;
        _keepsMatches = keepsMatches;
        _keepsGaps = keepsGaps;
    }

    /// <summary>Appends the ranges of <paramref name="text"/> that are its pieces, in order; none is empty.</summary>
    public void Cut(ReadOnlySpan<char> text, List<Range> pieces)
    {
        if (!AstralShadow.IsNeeded(text))
        {
            Cut(text, text, pieces);
            return;
        }

        char[] shadow = ArrayPool<char>.Shared.Rent(text.Length);
        try
        {
            Cut(shadow.AsSpan(0, AstralShadow.Write(text, shadow)), text, pieces);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(shadow);
        }
    }

    private void Cut(ReadOnlySpan<char> matched, ReadOnlySpan<char> text, List<Range> pieces)
    {
        bool isShadow = matched.Length != text.Length;
        int matchedDone = 0;
        int textDone = 0;

        void Take(int matchedEnd, bool keep, ReadOnlySpan<char> whole)
        {
            int length = matchedEnd - matchedDone;
            int textEnd = textDone + (isShadow ? AstralShadow.CharsOf(whole[textDone..], length) : length);
            if (keep && textEnd > textDone)
            {
                pieces.Add(textDone..textEnd);
            }

            (matchedDone, textDone) = (matchedEnd, textEnd);
        }

        foreach (ValueMatch match in _pattern.EnumerateMatches(matched))
        {
            Take(match.Index, _keepsGaps, text);
            Take(match.Index + match.Length, _keepsMatches, text);
        }

        Take(matched.Length, _keepsGaps, text);
    }
}
