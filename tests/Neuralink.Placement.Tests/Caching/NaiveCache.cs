namespace Neuralink.Placement.Tests.Caching;

/// <summary>A policy told with lists and dictionaries, as slowly as it is plainly.</summary>
internal abstract class NaiveCache
{
    public abstract IReadOnlyCollection<int> Held { get; }

    public abstract void Touch(int key);

    /// <summary>What <see cref="Neuralink.Placement.Caching.CachePolicy.Insert"/> returns.</summary>
    public abstract int Insert(int key, int segmentSlots);

    /// <summary>Ends a token; returns what expires, in order.</summary>
    public virtual IReadOnlyList<int> EndPass() => [];
}
