using System.Globalization;

namespace Neuralink.Models.Tokenizers.Unicode;

/// <summary>
/// A set of Unicode code points, kept as the ascending code points at which membership changes: the first is in the set, the second is
/// the first that is not, and so on. Thread safety: immutable.
/// </summary>
internal sealed class CodePointSet
{
    public const int CodePointsEnd = 0x110000;

    private const int BmpEnd = 0x10000;

    private readonly int[] _changes;

    /// <summary>
    /// A bit each for the characters below 0x10000, made when the first is asked for: most sets are only steps to others.
    /// </summary>
    private ulong[]? _bmp;

    private CodePointSet(int[] changes)
    {
        _changes = changes;
    }

    public static CodePointSet None { get; } = new([]);

    public static CodePointSet All { get; } = new([0, CodePointsEnd]);

    public bool IsEmpty => _changes.Length == 0;

    /// <summary>The ranges, first and last code point of each, in ascending order.</summary>
    public IEnumerable<(int First, int Last)> Ranges
    {
        get
        {
            for (int i = 0; i < _changes.Length; i += 2)
                yield return (_changes[i], _changes[i + 1] - 1);
        }
    }

    public static CodePointSet Of(int codePoint) => new([codePoint, codePoint + 1]);

    /// <summary>The set of all ranges, first and last code point included, in any order; they may overlap.</summary>
    public static CodePointSet OfRanges(IEnumerable<(int First, int Last)> ranges)
    {
        List<int> changes = [];
        foreach ((int first, int last) in ranges.OrderBy(range => range.First))
        {
            if (changes.Count > 0 && first <= changes[^1])
                changes[^1] = Math.Max(changes[^1], last + 1);
            else
                changes.AddRange([first, last + 1]);
        }
        return new([.. changes]);
    }

    /// <summary>A set from text such as "41-5A 5F": hexadecimal code points and ranges of them.</summary>
    public static CodePointSet Parse(string ranges) => OfRanges(ranges.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(range =>
    {
        string[] ends = range.Split('-');
        int first = int.Parse(ends[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return (first, ends.Length == 1 ? first : int.Parse(ends[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
    }));

    public bool Contains(int codePoint) => (uint)codePoint < BmpEnd ? ContainsBmp((char)codePoint) : Search(codePoint);

    public bool ContainsBmp(char value) => ((_bmp ??= MakeBmp())[value >> 6] >> (value & 63) & 1) != 0;

    /// <summary><see cref="Contains"/> for a set that is asked seldom.</summary>
    public bool Search(int codePoint)
    {
        int index = Array.BinarySearch(_changes, codePoint);
        return ((index >= 0 ? index + 1 : ~index) & 1) != 0;
    }

    public CodePointSet Complement() => _changes is [0, ..]
        ? new(_changes[^1] == CodePointsEnd ? _changes[1..^1] : [.. _changes[1..], CodePointsEnd])
        : new(_changes is [.., CodePointsEnd] ? [0, .. _changes[..^1]] : [0, .. _changes, CodePointsEnd]);

    public CodePointSet Union(CodePointSet other) => OfRanges(Ranges.Concat(other.Ranges));

    public CodePointSet Intersect(CodePointSet other) => Complement().Union(other.Complement()).Complement();

    private ulong[] MakeBmp()
    {
        ulong[] bits = new ulong[BmpEnd / 64];
        foreach ((int first, int last) in Ranges)
        {
            for (int word = first >> 6; word <= Math.Min(last, BmpEnd - 1) >> 6; word++)
            {
                int low = Math.Max(first - (word << 6), 0), high = Math.Min(last + 1 - (word << 6), 64);
                bits[word] |= (high == 64 ? ulong.MaxValue : (1UL << high) - 1) & (ulong.MaxValue << low);
            }
        }
        return bits;
    }
}
