namespace Neuralink.Placement.Caching;

/// <summary>Makes policies.</summary>
public static class CachePolicies
{
    /// <summary>The policy that <paramref name="options"/> describe.</summary>
    /// <param name="options">Which, and how.</param>
    /// <param name="keyCount">Keys there are.</param>
    /// <param name="capacity">Keys held at most.</param>
    /// <param name="hottest">The keys that are used most, the hottest first, as far as they are known: of these <see cref="CacheOptions.PinnedShare"/> of the capacity is pinned.</param>
    public static CachePolicy Create(CacheOptions options, int keyCount, int capacity, ReadOnlySpan<int> hottest = default)
    {
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
