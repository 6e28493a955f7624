using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Neuralink.Placement.Coactivation;

/// <summary>
/// 64 of the <see cref="VerticalCounters"/>, with their planes side by side in three vectors. A count is one bit of each plane, so that one
/// comparison a vector reads it.
/// </summary>
internal readonly ref struct CounterWord
{
    private readonly Vector512<ulong> _low, _middle, _high;
    private readonly bool _isTall;      // more than 16 planes

    /// <param name="planes">The word of plane p is at p * <see cref="ActivationTile.LineWords"/>.</param>
    /// <param name="planeCount">The number of planes in use; the others are not read.</param>
    public CounterWord(ReadOnlySpan<ulong> planes, int planeCount)
    {
        _low = Gather(planes, 0, planeCount);
        _middle = Gather(planes, 8, planeCount);
        _isTall = planeCount > 16;
        _high = _isTall ? Gather(planes, 16, planeCount) : default;
    }

    /// <summary>The count of one of the 64 columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Count(int column)
    {
        Vector512<ulong> bit = Vector512.Create(1UL << column);
        uint count = Bits(_low, bit) | (Bits(_middle, bit) << 8);
        return (int)(_isTall ? count | (Bits(_high, bit) << 16) : count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Bits(Vector512<ulong> planes, Vector512<ulong> bit) =>
        (uint)Vector512.Equals(planes & bit, bit).ExtractMostSignificantBits();

    private static Vector512<ulong> Gather(ReadOnlySpan<ulong> planes, int first, int planeCount)
    {
        Span<ulong> words = stackalloc ulong[8];
        words.Clear();
        for (int plane = first; plane < Math.Min(first + 8, planeCount); plane++)
            words[plane - first] = planes[plane * ActivationTile.LineWords];
        return Vector512.Create<ulong>(words);
    }
}
