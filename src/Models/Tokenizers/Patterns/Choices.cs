using Neuralink.Models.Tokenizers.Unicode;

namespace Neuralink.Models.Tokenizers.Patterns;

/// <summary>
/// The alternatives of one place of a pattern, at most 30, and which of them can match at a given character. Most can be left out
/// by it alone, which spares trying them. Thread safety: immutable.
/// </summary>
internal sealed class Choices
{
    public const int Max = 30;

    private const int AsciiEnd = 128;

    private readonly int[] _targets;
    private readonly CodePointSet?[] _firsts;
    private readonly uint[] _ascii = new uint[AsciiEnd];
    private readonly uint _atEnd;

    /// <param name="targets">Where each alternative begins.</param>
    /// <param name="firsts">The characters that each can begin with; null for one that can match the empty text.</param>
    public Choices(int[] targets, CodePointSet?[] firsts)
    {
        _targets = targets;
        _firsts = firsts;
        for (int i = 0; i < firsts.Length; i++)
        {
            _atEnd |= firsts[i] is null ? 1u << i : 0;
            for (int value = 0; value < AsciiEnd; value++)
                _ascii[value] |= firsts[i]?.Search(value) != false ? 1u << i : 0;
        }
    }

    public int Target(int choice) => _targets[choice];

    /// <summary>The alternatives that can match where <paramref name="codePoint"/> stands, -1 for the text's end: a bit each.</summary>
    public uint At(int codePoint)
    {
        if ((uint)codePoint < AsciiEnd)
            return _ascii[codePoint];
        if (codePoint < 0)
            return _atEnd;
        uint possible = 0;
        for (int i = 0; i < _firsts.Length; i++)
            possible |= _firsts[i]?.Contains(codePoint) != false ? 1u << i : 0;
        return possible;
    }
}
