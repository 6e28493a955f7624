using System.Runtime.InteropServices;
using Neuralink.Models.Tokenizers.Patterns;

namespace Neuralink.Models.Tokenizers.PreTokenizers;

/// <summary>Where <see cref="MetaspaceStep"/> puts its sign in front of a piece that does not begin with it.</summary>
internal enum PrependScheme
{
    /// <summary>Everywhere.</summary>
    Always,

    /// <summary>Only where the user's text begins.</summary>
    First,

    Never,
}

/// <summary>SentencePiece's view of words: a space is a sign of its own ('▁'), which belongs to the word behind it.</summary>
internal sealed class MetaspaceStep(string replacement, PrependScheme scheme, bool splits) : IPreTokenizer
{
    private readonly SplitStep _split = new(new LiteralMatcher(replacement), SplitBehavior.MergedWithNext);

    public void Apply(TextPieces pieces)
    {
        pieces.Rewrite(Write);
        if (splits)
            pieces.Cut(_split);
    }

    private void Write(ReadOnlySpan<char> piece, bool isAtStart, List<char> written)
    {
        int start = written.Count;
        foreach (char value in piece)
        {
            if (value == ' ')
                written.AddRange(replacement);
            else
                written.Add(value);
        }
        bool prepends = scheme == PrependScheme.Always || (scheme == PrependScheme.First && isAtStart);
        if (prepends && !CollectionsMarshal.AsSpan(written)[start..].StartsWith(replacement))
            written.InsertRange(start, replacement);
    }
}
