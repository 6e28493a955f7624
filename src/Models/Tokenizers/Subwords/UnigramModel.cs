using System.Text;

namespace Neuralink.Models.Tokenizers.Subwords;

/// <summary>
/// The unigram language model: of all ways to write a word in pieces, the one with the highest sum of scores, found by Viterbi's algorithm
/// (Kudo 2018). A character that is no piece costs more than any piece.
/// </summary>
internal sealed class UnigramModel : SubwordModel
{
    /// <summary>What an unknown character's score is below the lowest piece's, as SentencePiece has it.</summary>
    private const double UnknownPenalty = 10;

    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _pieces;
    private readonly double[] _scores;
    private readonly int _pieceCharsMax;
    private readonly double _unknownScore;
    private readonly UnknownTokens _unknowns;

    /// <param name="pieces">The tokens that a text can become, and their ids. Compares ordinally.</param>
    /// <param name="scores">By id.</param>
    /// <param name="unknowns">What becomes of characters that are no piece.</param>
    public UnigramModel(Dictionary<string, int> pieces, double[] scores, UnknownTokens unknowns)
        : base(wordStart: null)
    {
        _pieces = pieces.GetAlternateLookup<ReadOnlySpan<char>>();
        _scores = scores;
        _unknowns = unknowns;
        _pieceCharsMax = pieces.Keys.Max(piece => piece.Length);
        _unknownScore = scores.Min() - UnknownPenalty;
    }

    protected override void EncodeUncached(ReadOnlySpan<char> word, List<int> tokens)
    {
        Step[] best = Search(word);
        List<Step> path = [];
        for (int end = word.Length; end > 0; end = best[end].Start)
            path.Add(best[end] with { End = end });
        for (int i = path.Count - 1; i >= 0; i--)
        {
            if (path[i].Piece is { } piece)
            {
                tokens.Add(piece);
                continue;
            }
            int last = i;
            while (_unknowns.IsFused && last > 0 && path[last - 1].Piece is null)
                last--;
            AppendUnknown(word[path[i].Start..path[last].End], tokens);
            i = last;
        }
    }

    private void AppendUnknown(ReadOnlySpan<char> text, List<int> tokens)
    {
        if (!_unknowns.TryAppendBytes(text, tokens))
            tokens.Add(_unknowns.Require(text));
    }

    /// <summary>For each end, the last step of the best way there.</summary>
    private Step[] Search(ReadOnlySpan<char> word)
    {
        Step[] best = new Step[word.Length + 1];
        Array.Fill(best, new Step(0, 0, null, double.NegativeInfinity));
        best[0] = new Step(0, 0, null, 0);
        int width;
        for (int start = 0; start < word.Length; start += width)
        {
            Rune.DecodeFromUtf16(word[start..], out _, out width);
            double score = best[start].Score;
            bool isKnown = false;
            for (int end = start + width; end <= word.Length && end - start <= _pieceCharsMax; end++)
            {
                if (!_pieces.TryGetValue(word[start..end], out int piece))
                    continue;
                isKnown |= end == start + width;
                Offer(best, end, new Step(start, end, piece, score + _scores[piece]));
            }
            if (!isKnown)
                Offer(best, start + width, new Step(start, start + width, null, score + _unknownScore));
        }
        return best;
    }

    private static void Offer(Step[] best, int end, Step step)
    {
        if (step.Score > best[end].Score)
            best[end] = step;
    }

    /// <summary>A piece at the end of a way through the word; null for an unknown character.</summary>
    private readonly record struct Step(int Start, int End, int? Piece, double Score);
}
