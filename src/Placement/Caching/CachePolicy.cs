namespace Neuralink.Placement.Caching;

/// <summary>
/// Which bundles a cache holds, and which goes out when another comes in: pure integers, without frames and bytes. A key is a bundle of the model,
/// 0 to <see cref="KeyCount"/> - 1; the engine's is layer x neurons + neuron. Everything is allocated when it is made, and each call takes amortised
/// constant time.
/// </summary>
public abstract class CachePolicy
{
    /// <summary>No key.</summary>
    public const int None = -1;

    /// <param name="keyCount">Keys there are, at least 1.</param>
    /// <param name="capacity">Keys held at most, 0 or more.</param>
    protected CachePolicy(int keyCount, int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keyCount, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        KeyCount = keyCount;
        Capacity = capacity;
    }

    /// <summary>Keys there are.</summary>
    public int KeyCount { get; }

    /// <summary>Keys held at most.</summary>
    public int Capacity { get; }

    /// <summary>Keys held.</summary>
    public abstract int Count { get; }

    /// <summary>Whether <paramref name="key"/> is held.</summary>
    public abstract bool Holds(int key);

    /// <summary>A token uses <paramref name="key"/>, which is held.</summary>
    /// <exception cref="InvalidOperationException">It is not held.</exception>
    public void Touch(int key)
    {
        if (!Holds(key))
            throw new InvalidOperationException($"Key {key} is not held.");
        Use(key);
    }

    /// <summary>A token uses <paramref name="key"/>, which is not held and therefore was read.</summary>
    /// <param name="key">The key.</param>
    /// <param name="segmentSlots">The wanted bundles that lie side by side on flash and were read, of which this is one: 1 if it lies alone.</param>
    /// <returns>The key that is not held afterwards: one that was evicted, <paramref name="key"/> itself if it was refused, or <see cref="None"/>.</returns>
    /// <exception cref="InvalidOperationException">It is held already.</exception>
    public int Insert(int key, int segmentSlots)
    {
        if (Holds(key))
            throw new InvalidOperationException($"Key {key} is held already.");
        return Capacity == 0 ? key : Take(key, segmentSlots);
    }

    /// <summary>A token is through all layers.</summary>
    public virtual void EndPass()
    {
    }

    /// <summary>Takes out one key that outlived its time, where the policy knows such: to be called after <see cref="EndPass"/> until there is none.</summary>
    public virtual bool TryExpire(out int key)
    {
        key = None;
        return false;
    }

    /// <summary>As <see cref="Touch"/>, of a key that is held.</summary>
    protected abstract void Use(int key);

    /// <summary>As <see cref="Insert"/>, of a key that is not held and with a capacity of at least 1.</summary>
    protected abstract int Take(int key, int segmentSlots);
}
