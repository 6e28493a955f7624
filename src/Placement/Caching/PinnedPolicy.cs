namespace Neuralink.Placement.Caching;

/// <summary>
/// Keeps a hot set: once a pinned key is held it is never evicted, and a place is reserved for each. Another policy decides
/// about the other places.
/// </summary>
public sealed class PinnedPolicy : CachePolicy
{
    private readonly CachePolicy _others;
    private readonly bool[] _isPinned;      // [keys]
    private readonly bool[] _isHeld;        // [keys], true for pinned keys only
    private int _pinnedHeld;

    /// <param name="pinned">The hot set, each key once.</param>
    /// <param name="others">The policy for the rest of the capacity. It has the same keys.</param>
    public PinnedPolicy(ReadOnlySpan<int> pinned, CachePolicy others)
        : base(others.KeyCount, others.Capacity + pinned.Length)
    {
        _others = others;
        _isPinned = new bool[KeyCount];
        _isHeld = new bool[KeyCount];
        foreach (int key in pinned)
        {
            if (_isPinned[key])
                throw new ArgumentException($"Key {key} is pinned twice.", nameof(pinned));
            _isPinned[key] = true;
        }
    }

    /// <inheritdoc/>
    public override int Count => _pinnedHeld + _others.Count;

    /// <inheritdoc/>
    public override bool Holds(int key) => _isHeld[key] || _others.Holds(key);

    /// <inheritdoc/>
    public override void EndPass() => _others.EndPass();

    /// <inheritdoc/>
    public override bool TryExpire(out int key) => _others.TryExpire(out key);

    /// <inheritdoc/>
    protected override void Use(int key)
    {
        if (!_isPinned[key])
            _others.Touch(key);
    }

    /// <inheritdoc/>
    protected override int Take(int key, int segmentSlots) => _isPinned[key] ? Pin(key) : _others.Insert(key, segmentSlots);

    /// <inheritdoc/>
    protected override int TakeUnused(int key) => _isPinned[key] ? Pin(key) : _others.InsertUnused(key);

    private int Pin(int key)
    {
        _isHeld[key] = true;
        _pinnedHeld++;
        return None;
    }
}

/// <summary>Finds the keys that are used most, from the frequencies of a trace.</summary>
public static class HotSet
{
    /// <summary>The <paramref name="count"/> keys with the highest frequencies, the hottest first; equal ones by ascending key.</summary>
    /// <param name="frequencies">
    /// For each layer the frequency of each neuron. All layers have as many neurons. The key is layer x neurons + neuron.
    /// </param>
    /// <param name="count">How many keys. The result is shorter if the model has fewer.</param>
    public static int[] Of(IReadOnlyList<int[]> frequencies, int count)
    {
        int neurons = frequencies.Count == 0 ? 0 : frequencies[0].Length;
        long[] order = new long[frequencies.Count * neurons];      // ascending: the opposite of the frequency, then the key
        for (int key = 0; key < order.Length; key++)
            order[key] = ((long)-frequencies[key / neurons][key % neurons] << 32) | (uint)key;
        Array.Sort(order);
        int[] hottest = new int[Math.Min(count, order.Length)];
        for (int i = 0; i < hottest.Length; i++)
            hottest[i] = (int)order[i];
        return hottest;
    }
}
