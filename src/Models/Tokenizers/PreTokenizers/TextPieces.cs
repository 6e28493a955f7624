using System.Runtime.InteropServices;

namespace Neuralink.Models.Tokenizers.PreTokenizers;

/// <summary>
/// A text on its way to the model: the pieces it has been cut into so far, in order. A step cuts them further or writes them anew.
/// Thread safety: none.
/// </summary>
internal sealed class TextPieces
{
    private List<Range> _ranges = [];
    private List<Range> _spare = [];

    /// <param name="text">One piece.</param>
    /// <param name="isAtStart">Whether it is the start of what the user wrote.</param>
    public TextPieces(string text, bool isAtStart)
    {
        Text = text.AsMemory();
        IsAtStart = isAtStart;
        if (text.Length > 0)
            _ranges.Add(0..text.Length);
    }

    /// <summary>What the ranges are of.</summary>
    public ReadOnlyMemory<char> Text { get; private set; }

    /// <summary>Whether the first character of <see cref="Text"/> is the first that the user wrote.</summary>
    public bool IsAtStart { get; }

    /// <summary>The pieces; none is empty.</summary>
    public ReadOnlySpan<Range> Ranges => CollectionsMarshal.AsSpan(_ranges);

    /// <summary>Cuts each piece further.</summary>
    public void Cut(SplitStep split)
    {
        _spare.Clear();
        ReadOnlySpan<char> text = Text.Span;
        foreach (Range range in _ranges)
        {
            int first = _spare.Count, offset = range.Start.Value;
            split.Cut(text[range], _spare);
            if (offset == 0)
                continue;
            foreach (ref Range cut in CollectionsMarshal.AsSpan(_spare)[first..])
                cut = (cut.Start.Value + offset)..(cut.End.Value + offset);
        }
        (_ranges, _spare) = (_spare, _ranges);
    }

    /// <summary>Writes each piece anew; one that becomes empty is no piece any more.</summary>
    /// <param name="write">Appends what becomes of a piece; the flag says that it is the first that the user wrote.</param>
    public void Rewrite(PieceWriter write)
    {
        List<char> written = new(Text.Length);
        _spare.Clear();
        foreach (Range range in _ranges)
        {
            int start = written.Count;
            write(Text.Span[range], IsAtStart && range.Start.Value == 0, written);
            if (written.Count > start)
                _spare.Add(start..written.Count);
        }
        Text = written.ToArray();
        (_ranges, _spare) = (_spare, _ranges);
    }
}

/// <summary>Appends to <paramref name="written"/> what becomes of <paramref name="piece"/>.</summary>
/// <param name="piece">The piece as it was.</param>
/// <param name="isAtStart">Whether the user's text begins with it.</param>
/// <param name="written">What it is appended to.</param>
internal delegate void PieceWriter(ReadOnlySpan<char> piece, bool isAtStart, List<char> written);

/// <summary>One step from a text to its words. Thread safety: immutable.</summary>
internal interface IPreTokenizer
{
    public void Apply(TextPieces pieces);
}
