namespace Neuralink.Placement.Caching;

/// <summary>
/// Decides which bundles a cache holds, and which one is evicted when another comes in. It knows integers only, no frames and no bytes. A
/// key stands for a bundle of the model, 0 to <see cref="KeyCount"/> - 1; the engine uses layer x neurons + neuron. A policy allocates in
/// its constructor only. Each call takes amortised constant time.
/// </summary>
public abstract class CachePolicy
{
    /// <summary>No key.</summary>
    public const int None = -1;

    /// <param name="keyCount">The number of keys of the model, at least 1.</param>
    /// <param name="capacity">The most keys that are held, 0 or more.</param>
    protected CachePolicy(int keyCount, int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keyCount, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        KeyCount = keyCount;
        Capacity = capacity;
    }

    /// <summary>The number of keys of the model.</summary>
    public int KeyCount { get; }

    /// <summary>The most keys that are held.</summary>
    public int Capacity { get; }

    /// <summary>The number of keys that are held now.</summary>
    public abstract int Count { get; }

    /// <summary>Whether <paramref name="key"/> is held.</summary>
    public abstract bool Holds(int key);

    /// <summary>Notes that a token uses <paramref name="key"/>, which is held.</summary>
    /// <exception cref="InvalidOperationException">The key is not held.</exception>
    public void Touch(int key)
    {
        if (!Holds(key))
            throw new InvalidOperationException($"Key {key} is not held.");
        Use(key);
    }

    /// <summary>Notes that a token uses <paramref name="key"/>, which was not held and was therefore read.</summary>
    /// <param name="key">The key.</param>
    /// <param name="segmentSlots">
    /// The length of the key's segment: the number of wanted bundles, this one included, that lie side by side on flash and were read. 1 if
    /// the bundle lies alone.
    /// </param>
    /// <returns>
    /// The key that is not held afterwards: the evicted one, or <paramref name="key"/> itself if it was refused, or <see cref="None"/> if
    /// there was room.
    /// </returns>
    /// <exception cref="InvalidOperationException">The key is held already.</exception>
    public int Insert(int key, int segmentSlots)
    {
        if (Holds(key))
            throw new InvalidOperationException($"Key {key} is held already.");
        return Capacity == 0 ? key : Take(key, segmentSlots);
    }

    /// <summary>Holds <paramref name="key"/>, which was read because there is room and not because a token uses it.</summary>
    /// <returns>As <see cref="Insert"/>; <paramref name="key"/> itself where there is no room.</returns>
    /// <exception cref="InvalidOperationException">The key is held already.</exception>
    public int InsertUnused(int key)
    {
        if (Holds(key))
            throw new InvalidOperationException($"Key {key} is held already.");
        return Count >= Capacity ? key : TakeUnused(key);
    }

    /// <summary>Notes that a token has passed through all layers.</summary>
    public virtual void EndPass()
    {
    }

    /// <summary>
    /// Removes one expired key, where the policy lets keys expire. The caller repeats this after each <see cref="EndPass"/>
    /// until it returns false.
    /// </summary>
    public virtual bool TryExpire(out int key)
    {
        key = None;
        return false;
    }

    /// <summary>Does the work of <see cref="Touch"/>. The key is held.</summary>
    protected abstract void Use(int key);

    /// <summary>
    /// Does the work of <see cref="InsertUnused"/>. The key is not held, and there is room. By default, as if a token had used it once.
    /// </summary>
    protected virtual int TakeUnused(int key) => Take(key, segmentSlots: 1);

    /// <summary>Does the work of <see cref="Insert"/>. The key is not held, and the capacity is at least 1.</summary>
    protected abstract int Take(int key, int segmentSlots);
}
