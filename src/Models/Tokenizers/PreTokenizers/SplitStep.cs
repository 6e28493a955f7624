using Neuralink.Models.Tokenizers.Patterns;

namespace Neuralink.Models.Tokenizers.PreTokenizers;

/// <summary>What becomes of the matches of a split, and of the gaps between them.</summary>
internal enum SplitBehavior
{
    /// <summary>Each is a piece of its own.</summary>
    Isolated,

    /// <summary>Gaps are pieces, matches are dropped.</summary>
    Removed,

    /// <summary>A match joins the gap before it.</summary>
    MergedWithPrevious,

    /// <summary>A match joins the gap after it.</summary>
    MergedWithNext,

    /// <summary>Matches that touch are one piece.</summary>
    Contiguous,
}

/// <summary>One step of pre-tokenisation: cuts a piece of text where a matcher finds something. Thread safety: immutable.</summary>
/// <param name="matcher">Finds the matches.</param>
/// <param name="behavior">What becomes of them.</param>
/// <param name="inverts">Matches are taken for gaps, and gaps for matches.</param>
internal sealed class SplitStep(TextMatcher matcher, SplitBehavior behavior = SplitBehavior.Isolated, bool inverts = false) : IPreTokenizer
{
    public void Apply(TextPieces pieces) => pieces.Cut(this);

    /// <summary>Appends the ranges of <paramref name="text"/> that are its pieces, in order; none is empty.</summary>
    public void Cut(ReadOnlySpan<char> text, List<Range> pieces)
    {
        List<Range> matches = [];
        matcher.FindAll(text, matches);
        int first = pieces.Count, done = 0;
        bool isAfterMatch = false;
        foreach (Range match in matches)
        {
            if (match.Start.Value > done)
                Append(done..match.Start.Value, inverts, pieces, first, ref isAfterMatch);
            Append(match, !inverts, pieces, first, ref isAfterMatch);
            done = match.End.Value;
        }
        if (done < text.Length)
            Append(done..text.Length, inverts, pieces, first, ref isAfterMatch);
        RemoveEmpty(pieces, first);
    }

    // Only now: an empty piece may still have been joined by the part behind it.
    private static void RemoveEmpty(List<Range> pieces, int first)
    {
        int kept = first;
        for (int i = first; i < pieces.Count; i++)
        {
            if (!pieces[i].Start.Equals(pieces[i].End))
                pieces[kept++] = pieces[i];
        }
        pieces.RemoveRange(kept, pieces.Count - kept);
    }

    private void Append(Range part, bool isMatch, List<Range> pieces, int first, ref bool isAfterMatch)
    {
        bool joins = behavior switch
        {
            SplitBehavior.MergedWithPrevious => isMatch && !isAfterMatch,
            SplitBehavior.MergedWithNext => !isMatch && isAfterMatch,
            SplitBehavior.Contiguous => isMatch == isAfterMatch,
            _ => false,
        };
        if (joins && pieces.Count > first)
            pieces[^1] = pieces[^1].Start..part.End;
        else if (!isMatch || behavior != SplitBehavior.Removed)
            pieces.Add(part);
        isAfterMatch = isMatch;
    }
}
