using System.Text;
using Neuralink.Models.Tokenizers.Patterns;
using Neuralink.Models.Tokenizers.Subwords;

namespace Neuralink.Models.Tokenizers.PreTokenizers;

/// <summary>GPT-2's view of words: an optional space in front, an optional split, and bytes written in their own alphabet.</summary>
internal sealed class ByteLevelStep(bool addsPrefixSpace, bool splits, bool writesAlphabet) : IPreTokenizer
{
    /// <summary>GPT-2's own split (Radford et al. 2019; encoder.py).</summary>
    private static readonly SplitStep s_split =
        new(Pattern.Parse(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"));

    /// <summary>Whether the words come out in the byte-level alphabet; otherwise the model makes bytes of them itself.</summary>
    public bool WritesAlphabet => writesAlphabet;

    public ByteLevelStep With(bool? addsPrefixSpace = null, bool? writesAlphabet = null) =>
        new(addsPrefixSpace ?? this.AddsPrefixSpace, splits, writesAlphabet ?? WritesAlphabet);

    public bool AddsPrefixSpace => addsPrefixSpace;

    public void Apply(TextPieces pieces)
    {
        if (addsPrefixSpace)
            pieces.Rewrite(WriteSpace);
        if (splits)
            pieces.Cut(s_split);
        if (writesAlphabet)
            pieces.Rewrite(WriteAlphabet);
    }

    private static void WriteSpace(ReadOnlySpan<char> piece, bool isAtStart, List<char> written)
    {
        if (piece[0] != ' ')
            written.Add(' ');
        written.AddRange(piece);
    }

    private static void WriteAlphabet(ReadOnlySpan<char> piece, bool isAtStart, List<char> written)
    {
        Span<byte> bytes = stackalloc byte[4];
        foreach (Rune rune in piece.EnumerateRunes())
        {
            int count = rune.EncodeToUtf8(bytes);
            foreach (byte value in bytes[..count])
                written.Add(ByteAlphabet.ToChar(value));
        }
    }
}
