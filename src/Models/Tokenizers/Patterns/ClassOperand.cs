using Neuralink.Models.Tokenizers.Unicode;

namespace Neuralink.Models.Tokenizers.Patterns;

/// <summary>
/// Collects the members of a class, or of one side of an intersection, in the order in which they are written. What a hyphen means
/// depends on what stands before it, so the last member is kept until the next is known.
/// </summary>
internal sealed class ClassOperand
{
    private readonly List<(int First, int Last)> _ranges = [];
    private int? _last;
    private State _state = State.Start;

    private enum State
    {
        Start,
        AfterCharacter,
        AfterSet,
        InRange,
        AfterRange,
    }

    public void Add(int codePoint)
    {
        if (_state == State.InRange)
        {
            if (_last > codePoint)
                throw new PatternException($"a range from U+{_last:X4} down to U+{codePoint:X4}");
            _ranges.Add((_last!.Value, codePoint));
            (_last, _state) = (null, State.AfterRange);
            return;
        }
        Flush();
        (_last, _state) = (codePoint, State.AfterCharacter);
    }

    /// <summary>Adds a set that is written without brackets.</summary>
    public void AddSet(CodePointSet set)
    {
        AddClass(set);
        _state = State.AfterSet;
    }

    public void AddClass(CodePointSet set)
    {
        if (_state == State.InRange)
            throw new PatternException("a range that ends in a set of characters");
        Flush();
        _ranges.AddRange(set.Ranges);
        _state = State.AfterRange;
    }

    /// <param name="isLast">Nothing follows, so that the hyphen is itself.</param>
    public void AddHyphen(bool isLast)
    {
        if (isLast || _state is State.Start or State.InRange or State.AfterRange)
            Add('-');
        else if (_state == State.AfterSet)
            throw new PatternException("a range that begins with a set of characters");
        else
            _state = State.InRange;
    }

    /// <summary>The set of all members, as far as they are in <paramref name="before"/> too, the other side of an intersection.</summary>
    public CodePointSet Close(CodePointSet? before)
    {
        Flush();
        CodePointSet set = CodePointSet.OfRanges(_ranges);
        return before is null ? set : before.Intersect(set);
    }

    private void Flush()
    {
        if (_last is { } codePoint)
            _ranges.Add((codePoint, codePoint));
        _last = null;
    }
}
