namespace Neuralink.Placement.Caching;

/// <summary>The policies by name.</summary>
public enum CachePolicyKind
{
    /// <summary><see cref="S3FifoPolicy"/>.</summary>
    S3Fifo,

    /// <summary><see cref="LfuPolicy"/>.</summary>
    Lfu,

    /// <summary><see cref="LruPolicy"/>.</summary>
    Lru,

    /// <summary><see cref="WindowPolicy"/>.</summary>
    Window,

    /// <summary><see cref="NonePolicy"/>.</summary>
    None,
}

/// <summary>Creates policies.</summary>
public static class CachePolicies
{
    /// <summary>
    /// Creates the policy that <paramref name="options"/> describe; where there is a place for every key and none expires, one that has
    /// nothing to decide.
    /// </summary>
    /// <param name="options">The kind of policy and its parameters.</param>
    /// <param name="keyCount">The number of keys of the model.</param>
    /// <param name="capacity">The most keys that are held.</param>
    /// <param name="hottest">
    /// The keys that are used most, the hottest first, as far as they are known. The first of them are pinned, up to
    /// <see cref="CacheOptions.PinnedShare"/> of the capacity.
    /// </param>
    public static CachePolicy Create(CacheOptions options, int keyCount, int capacity, ReadOnlySpan<int> hottest = default)
    {
        if (capacity >= keyCount && options.Kind is CachePolicyKind.S3Fifo or CachePolicyKind.Lfu or CachePolicyKind.Lru)
            return new WholePolicy(keyCount, capacity);
        ReadOnlySpan<int> pinned = hottest[..Math.Min(hottest.Length, (int)(options.PinnedShare * capacity))];
        int rest = capacity - pinned.Length;
        CachePolicy policy = options.Kind switch
        {
            CachePolicyKind.S3Fifo => new S3FifoPolicy(keyCount, rest, options),
            CachePolicyKind.Lfu => new LfuPolicy(keyCount, rest, options),
            CachePolicyKind.Lru => new LruPolicy(keyCount, rest),
            CachePolicyKind.Window => new WindowPolicy(keyCount, rest, options.WindowTokens),
            CachePolicyKind.None => new NonePolicy(keyCount, rest),
            _ => throw new ArgumentOutOfRangeException(nameof(options), options.Kind, "There is no such policy."),
        };
        return pinned.IsEmpty ? policy : new PinnedPolicy(pinned, policy);
    }
}

/// <summary>
/// Has a place for every key. So none is ever evicted, and which are used makes no difference: a use costs nothing.
/// </summary>
internal sealed class WholePolicy(int keyCount, int capacity) : CachePolicy(keyCount, capacity)
{
    private readonly bool[] _isHeld = new bool[keyCount];
    private int _count;

    /// <inheritdoc/>
    public override int Count => _count;

    /// <inheritdoc/>
    public override bool Holds(int key) => _isHeld[key];

    /// <inheritdoc/>
    protected override void Use(int key)
    {
    }

    /// <inheritdoc/>
    protected override int Take(int key, int segmentSlots)
    {
        _isHeld[key] = true;
        _count++;
        return None;
    }
}

/// <summary>Holds nothing: every use is a read. A control that shows what a cache is worth.</summary>
public sealed class NonePolicy(int keyCount, int capacity) : CachePolicy(keyCount, capacity)
{
    /// <inheritdoc/>
    public override int Count => 0;

    /// <inheritdoc/>
    public override bool Holds(int key) => false;

    /// <inheritdoc/>
    protected override void Use(int key) => throw new InvalidOperationException("Nothing is held.");

    /// <inheritdoc/>
    protected override int Take(int key, int segmentSlots) => key;
}
