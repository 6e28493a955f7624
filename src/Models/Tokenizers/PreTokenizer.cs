namespace Neuralink.Models.Tokenizers;

/// <summary>
/// Cuts text into the words that BPE merges within: any number of splits, then the byte-level step with its optional
/// leading space and its optional split.
/// Thread safety: immutable.
/// </summary>
/// <param name="splits">The splits before the byte-level step, in order.</param>
/// <param name="addsPrefixSpace">The byte-level step puts a space before each piece that does not begin with one.</param>
/// <param name="byteLevelSplit">The byte-level step's own split, after the space; null where it has none.</param>
internal sealed class PreTokenizer(IReadOnlyList<SplitStep> splits, bool addsPrefixSpace, SplitStep? byteLevelSplit)
{
    /// <summary>Appends the tokens of <paramref name="text"/>, which has no added tokens in it.</summary>
    public void Encode(ReadOnlySpan<char> text, BpeModel model, List<int> tokens)
    {
        List<Range> pieces = [0..text.Length];
        foreach (SplitStep split in splits)
        {
            pieces = CutEach(text, pieces, split);
        }

        foreach (Range piece in pieces)
        {
            EncodePiece(text[piece], model, tokens);
        }
    }

    private void EncodePiece(ReadOnlySpan<char> piece, BpeModel model, List<int> tokens)
    {
        if (addsPrefixSpace && !piece.StartsWith(' '))
        {
            piece = string.Concat(" ", piece);
        }

        if (byteLevelSplit is null)
        {
            model.EncodeWord(piece, tokens);
            return;
        }

        List<Range> words = [];
        byteLevelSplit.Cut(piece, words);
        foreach (Range word in words)
        {
            model.EncodeWord(piece[word], tokens);
        }
    }

    private static List<Range> CutEach(ReadOnlySpan<char> text, List<Range> pieces, SplitStep split)
    {
        List<Range> cut = new(pieces.Count);
        foreach (Range piece in pieces)
        {
            int first = cut.Count;
            split.Cut(text[piece], cut);
            int offset = piece.Start.Value;
            for (int i = first; i < cut.Count; i++)
            {
                cut[i] = (cut[i].Start.Value + offset)..(cut[i].End.Value + offset);
            }
        }

        return cut;
    }
}
