using System.Runtime.InteropServices;

namespace Neuralink.Placement.Coactivation;

/// <summary>
/// The active bits of up to 512 neurons: a line of 512 bits for each token, [tokens + 1, 512]. The last line is zero. Lines are aligned to
/// the lines of the processor's cache, because a load that crosses two of them costs twice. A tile of 20 thousand tokens takes 1.3 MB, so
/// that it stays in the second-level cache or nearly so.
/// </summary>
internal sealed class ActivationTile
{
    /// <summary>The number of neurons of a tile.</summary>
    public const int Columns = 512;

    /// <summary>64-bit words of a line.</summary>
    public const int LineWords = Columns / 64;

    private readonly ulong[] _words;
    private readonly int _begin;
    private readonly int _length;

    public ActivationTile(int tokenCount)
    {
        _length = checked((tokenCount + 1) * LineWords);
        _words = GC.AllocateArray<ulong>(_length + LineWords, pinned: true);
        long address = Marshal.UnsafeAddrOfPinnedArrayElement(_words, 0);
        _begin = (int)((LineWords - (address / sizeof(ulong) % LineWords)) % LineWords);
    }

    /// <summary>The bytes that a tile takes.</summary>
    public static long BytesOf(int tokenCount) => (tokenCount + 2L) * LineWords * sizeof(ulong);

    /// <summary>The lines, [tokens + 1, <see cref="LineWords"/>].</summary>
    public ReadOnlySpan<ulong> Lines => _words.AsSpan(_begin, _length);

    /// <summary>Fills column c with the neuron of rank <paramref name="ranks"/>[c]. Columns beyond the ranks become zero.</summary>
    public void Fill(ActivationLists lists, ReadOnlySpan<int> ranks)
    {
        Span<ulong> lines = _words.AsSpan(_begin, _length);
        lines.Clear();
        for (int column = 0; column < ranks.Length; column++)
        {
            Span<ulong> words = lines[(column / 64)..];
            ulong bit = 1UL << (column % 64);
            foreach (int offset in lists.Offsets(ranks[column]))
                words[offset] |= bit;
        }
    }
}
