using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Neuralink.Placement.Coactivation;

/// <summary>
/// 512 counters in bit planes: plane p holds bit p of each counter, so that one instruction adds to all of them.
/// <code>count[c] = Σ over offsets o of bit c of lines[o .. o + 8)</code>
/// Lines are added 16 at a time by a tree of carry-save adders. Each adder turns three vectors of one weight into one of that weight
/// and one of the next weight (Harley and Seal's population count; Muła, Kurz, Lemire, arXiv 1611.07612, section 4). That takes two
/// logic instructions a line for 512 neurons. The carry out of a tree waits at its plane until a second carry arrives, as in
/// counting up in binary.
/// </summary>
internal sealed class VerticalCounters
{
    /// <summary>The most planes: counts are below 2 to the power of this.</summary>
    public const int PlaneCountMax = 24;

    private const int TreePlanes = 4;

    private readonly Vector512<ulong>[] _planes = new Vector512<ulong>[PlaneCountMax];
    private readonly Vector512<ulong>[] _waiting = new Vector512<ulong>[PlaneCountMax];
    private int _planeCount;

    /// <summary>Counts, from zero, how many of the lines at <paramref name="offsets"/> have each bit set.</summary>
    /// <param name="lines">[lines, 8] words.</param>
    /// <param name="offsets">The offsets of the lines, in words. A multiple of 16 of them; the rest are offsets of a zero line.</param>
    /// <param name="countMax">An upper bound of the counts.</param>
    public void Count(ReadOnlySpan<ulong> lines, ReadOnlySpan<int> offsets, int countMax)
    {
        if (offsets.Length % ActivationLists.BlockLines != 0)
            throw new ArgumentException($"{offsets.Length} offsets are no whole number of blocks.", nameof(offsets));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(countMax, 1 << PlaneCountMax);
        _planeCount = BitOperations.Log2((uint)countMax) + 1;
        int planesMax = Math.Max(_planeCount, TreePlanes) + 1;
        Span<Vector512<ulong>> planes = _planes, waiting = _waiting;
        planes[..Math.Min(planesMax, planes.Length)].Clear();
        Vector512<ulong> ones = default, twos = default, fours = default, eights = default;
        ref ulong line = ref MemoryMarshal.GetReference(lines);
        ref int offset = ref MemoryMarshal.GetReference(offsets);
        int blocks = offsets.Length / ActivationLists.BlockLines;
        for (int block = 0; block < blocks; block++)
        {
            Vector512<ulong> twosA, twosB, foursA, foursB, eightsA, eightsB, carry;
            (ones, twosA) = Add(ones, Line(ref line, ref offset, 0), Line(ref line, ref offset, 1));
            (ones, twosB) = Add(ones, Line(ref line, ref offset, 2), Line(ref line, ref offset, 3));
            (twos, foursA) = Add(twos, twosA, twosB);
            (ones, twosA) = Add(ones, Line(ref line, ref offset, 4), Line(ref line, ref offset, 5));
            (ones, twosB) = Add(ones, Line(ref line, ref offset, 6), Line(ref line, ref offset, 7));
            (twos, foursB) = Add(twos, twosA, twosB);
            (fours, eightsA) = Add(fours, foursA, foursB);
            (ones, twosA) = Add(ones, Line(ref line, ref offset, 8), Line(ref line, ref offset, 9));
            (ones, twosB) = Add(ones, Line(ref line, ref offset, 10), Line(ref line, ref offset, 11));
            (twos, foursA) = Add(twos, twosA, twosB);
            (ones, twosA) = Add(ones, Line(ref line, ref offset, 12), Line(ref line, ref offset, 13));
            (ones, twosB) = Add(ones, Line(ref line, ref offset, 14), Line(ref line, ref offset, 15));
            (twos, foursB) = Add(twos, twosA, twosB);
            (fours, eightsB) = Add(fours, foursA, foursB);
            (eights, carry) = Add(eights, eightsA, eightsB);
            offset = ref Unsafe.Add(ref offset, ActivationLists.BlockLines);

            int plane = TreePlanes;
            for (int counted = block; (counted & 1) != 0; counted >>= 1, plane++)
                (planes[plane], carry) = Add(planes[plane], waiting[plane], carry);
            waiting[plane] = carry;
        }

        planes[0] = ones;
        planes[1] = twos;
        planes[2] = fours;
        planes[3] = eights;
        Vector512<ulong> over = default;
        for (int plane = TreePlanes; plane < _planeCount; plane++)
        {
            Vector512<ulong> last = (blocks >> (plane - TreePlanes) & 1) != 0 ? waiting[plane] : default;
            (planes[plane], over) = Add(planes[plane], last, over);
        }
    }

    /// <summary>One bit for each counter: whether it is at least <paramref name="least"/>, which is 1 or more.</summary>
    public Vector512<ulong> AtLeast(int least)
    {
        if (least >> _planeCount != 0)
            return default;
        // Compares each counter with least - 1, from the lowest bit up. A higher bit that differs overrides what the lower bits said.
        int below = least - 1;
        Vector512<ulong> above = default;
        for (int plane = 0; plane < _planeCount; plane++)
            above = (below >> plane & 1) != 0 ? above & _planes[plane] : above | _planes[plane];
        return above;
    }

    /// <summary>The planes of 64 of the counters, from which single counts can be read.</summary>
    public CounterWord Word(int word)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<Vector512<ulong>, ulong>(_planes);
        return new CounterWord(words[word..], _planeCount);
    }

    /// <summary>One count by its definition, for tests.</summary>
    internal static int Reference(ReadOnlySpan<ulong> lines, ReadOnlySpan<int> offsets, int column)
    {
        int count = 0;
        foreach (int offset in offsets)
            count += (int)(lines[offset + (column / 64)] >> (column % 64) & 1);
        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Line(ref ulong lines, ref int offset, int index) =>
        Vector512.LoadUnsafe(ref lines, (nuint)(uint)Unsafe.Add(ref offset, index));

    /// <summary>A carry-save adder: a + b + c = Sum + 2 Carry, bit by bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<ulong> Sum, Vector512<ulong> Carry) Add(Vector512<ulong> a, Vector512<ulong> b, Vector512<ulong> c) =>
        Avx512F.IsSupported
            ? (Avx512F.TernaryLogic(a, b, c, 0x96), Avx512F.TernaryLogic(a, b, c, 0xE8))
            : (a ^ b ^ c, (a & b) | (c & (a ^ b)));
}
