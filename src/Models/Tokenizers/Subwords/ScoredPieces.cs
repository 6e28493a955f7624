using System.Text;

namespace Neuralink.Models.Tokenizers.Subwords;

/// <summary>
/// SentencePiece's byte-pair encoding, in which neighbouring pieces merge if what they make is a piece, the one of the best score
/// first: the same merging, with ranks by score. Pieces of equal score share a rank, so that the leftmost merges first.
/// </summary>
internal static class ScoredPieces
{
    /// <summary>The merges of <paramref name="scores"/> over the ids of <paramref name="pieces"/>.</summary>
    /// <param name="pieces">The pieces that text can become, and their ids.</param>
    /// <param name="scores">By id.</param>
    public static BytePairMerges Merges(IReadOnlyDictionary<string, int> pieces, IReadOnlyList<float> scores)
    {
        float[] best = [.. pieces.Values.Select(id => scores[id]).Distinct().OrderDescending()];
        Dictionary<float, int> ranks = best.Select((score, rank) => (score, rank)).ToDictionary(pair => pair.score, pair => pair.rank);
        Dictionary<ulong, Merge> merges = [];
        foreach ((string piece, int id) in pieces)
        {
            int at = 0;
            foreach (Rune rune in piece.EnumerateRunes())
            {
                at += rune.Utf16SequenceLength;
                if (at < piece.Length && pieces.TryGetValue(piece[..at], out int left) && pieces.TryGetValue(piece[at..], out int right))
                    merges[BytePairMerges.KeyOf(left, right)] = new Merge(ranks[scores[id]], id);
            }
        }
        return new BytePairMerges(merges);
    }
}
