using System.Runtime.CompilerServices;

namespace Neuralink.Placement.Coactivation;

/// <summary>
/// Keeps the first pairs, in the order of <see cref="PairKey"/>, that come after a given key, as many as there is room for. Pairs
/// are offered in any order. When there is no more room, the later half is dropped. From then on, every pair after the last kept
/// one is dropped too.
/// </summary>
internal sealed class StrongestPairs
{
    /// <summary>The bytes for each pair that there is room for: its key, and a copy of it for sorting.</summary>
    public const int BytesPerPair = 2 * sizeof(ulong);

    private const int SampleCount = 1025;

    private readonly ulong[] _keys;
    private readonly ulong[] _sorted;
    private readonly TimeProvider _time;
    private ulong _after;
    private int _count;

    /// <param name="capacity">The number of pairs that there is room for, at least 2.</param>
    /// <param name="time">Measures the time that dropping and sorting take.</param>
    public StrongestPairs(int capacity, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 2);
        _keys = GC.AllocateUninitializedArray<ulong>(capacity);
        _sorted = GC.AllocateUninitializedArray<ulong>(capacity);
        _time = time;
    }

    /// <summary>
    /// The last key that would be kept: every offered pair up to it has been kept. <see cref="ulong.MaxValue"/> if none was dropped.
    /// </summary>
    public ulong Last { get; private set; }

    /// <summary>Pairs that fired together less often than this are not kept. At least 1.</summary>
    public int LeastCount { get; private set; }

    /// <summary>The total time that dropping and sorting took.</summary>
    public TimeSpan SortingTime { get; private set; }

    /// <summary>Empties this, to collect the pairs after <paramref name="after"/>.</summary>
    public void Begin(ulong after)
    {
        _after = after;
        _count = 0;
        Last = ulong.MaxValue;
        LeastCount = 1;
    }

    /// <summary>Offers a pair that fired together at least once. Each pair is offered once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Offer(ulong key)
    {
        if (key <= _after || key > Last)
            return;
        if (_count == _keys.Length)
        {
            DropLaterHalf();
            if (key > Last)
                return;
        }
        _keys[_count++] = key;
    }

    /// <summary>The kept pairs by descending count. Pairs of equal count are in no particular order.</summary>
    public Span<ulong> GroupByCount()
    {
        long start = _time.GetTimestamp();
        Span<ulong> keys = _keys.AsSpan(0, _count), sorted = _sorted.AsSpan(0, _count);
        int most = 0;
        foreach (ulong key in keys)
            most = Math.Max(most, PairKey.Count(key));
        int[] next = new int[most + 2];         // next[most - count + 1]: first the number of pairs with this count, then where they begin
        foreach (ulong key in keys)
            next[most - PairKey.Count(key) + 1]++;
        for (int i = 1; i < next.Length; i++)
            next[i] += next[i - 1];
        foreach (ulong key in keys)
            sorted[next[most - PairKey.Count(key)]++] = key;
        SortingTime += _time.GetElapsedTime(start);
        return sorted;
    }

    // The median of a sample is close enough: which key it is decides how many pairs a round takes, not the result.
    private void DropLaterHalf()
    {
        long start = _time.GetTimestamp();
        ulong[] sample = new ulong[Math.Min(SampleCount, _count)];
        for (int i = 0; i < sample.Length; i++)
            sample[i] = _keys[(long)i * _count / sample.Length];
        Array.Sort(sample);
        Last = sample[(sample.Length - 1) / 2];
        LeastCount = PairKey.Count(Last);
        int kept = 0;
        ulong last = Last;
        foreach (ulong key in _keys)
        {
            _keys[kept] = key;
            kept += key <= last ? 1 : 0;
        }
        _count = kept;
        SortingTime += _time.GetElapsedTime(start);
    }
}
