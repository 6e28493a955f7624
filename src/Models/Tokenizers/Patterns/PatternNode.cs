using Neuralink.Models.Tokenizers.Unicode;

namespace Neuralink.Models.Tokenizers.Patterns;

/// <summary>A regular expression, parsed: what it matches, without anything of how it was written.</summary>
internal abstract record PatternNode
{
    /// <summary>Matches the empty text.</summary>
    public static PatternNode Empty { get; } = new SequenceNode([]);
}

/// <summary>One character of a set.</summary>
internal sealed record SetNode(CodePointSet Set) : PatternNode;

/// <summary>One after the other.</summary>
internal sealed record SequenceNode(IReadOnlyList<PatternNode> Items) : PatternNode;

/// <summary>The first that leads to a match.</summary>
internal sealed record AlternationNode(IReadOnlyList<PatternNode> Items) : PatternNode;

/// <summary>The body <paramref name="Min"/> to <paramref name="Max"/> times.</summary>
/// <param name="Body">What is repeated.</param>
/// <param name="Min">At least so often.</param>
/// <param name="Max">At most so often, or null without a limit.</param>
/// <param name="IsLazy">As seldom as possible, rather than as often as possible.</param>
internal sealed record RepeatNode(PatternNode Body, int Min, int? Max, bool IsLazy) : PatternNode;

/// <summary>The body's first match; the others are never tried.</summary>
internal sealed record AtomicNode(PatternNode Body) : PatternNode;

/// <summary>Whether the body matches here, or up to here; takes no text.</summary>
internal sealed record LookNode(PatternNode Body, bool IsBehind, bool IsNegative) : PatternNode;

/// <summary>A place in the text.</summary>
internal sealed record AnchorNode(Anchor Anchor) : PatternNode;

/// <summary>The places that an <see cref="AnchorNode"/> can ask for.</summary>
internal enum Anchor
{
    /// <summary>The text's start, and after each line feed that is not its last character.</summary>
    LineStart,

    /// <summary>The text's end, and before each line feed.</summary>
    LineEnd,

    TextStart,

    TextEnd,

    /// <summary>The text's end, and before a line feed that is its last character.</summary>
    LastLineEnd,

    /// <summary>Between a word character and another, or an end of the text.</summary>
    WordBoundary,

    NotWordBoundary,
}
