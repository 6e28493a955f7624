namespace Neuralink.Placement.Tests.Caching;

/// <summary>A policy that is written with lists and dictionaries, plainly and slowly.</summary>
internal abstract class NaiveCache
{
    public abstract IReadOnlyCollection<int> Held { get; }

    public abstract void Touch(int key);

    /// <summary>Returns what <see cref="Neuralink.Placement.Caching.CachePolicy.Insert"/> must return.</summary>
    public abstract int Insert(int key, int segmentSlots);

    /// <summary>Ends a token, and returns the keys that expire, in order.</summary>
    public virtual IReadOnlyList<int> EndPass() => [];
}

/// <summary>Keys by last use, the oldest first.</summary>
internal sealed class NaiveLru(int capacity) : NaiveCache
{
    private readonly List<int> _keys = [];

    public override IReadOnlyCollection<int> Held => _keys;

    public override void Touch(int key)
    {
        _keys.Remove(key);
        _keys.Add(key);
    }

    public override int Insert(int key, int segmentSlots)
    {
        _keys.Add(key);
        if (_keys.Count <= capacity)
            return -1;
        int oldest = _keys[0];
        _keys.RemoveAt(0);
        return oldest;
    }
}

/// <summary>For each key, the token that used it last. Uses are numbered, so that their order within a token is known too.</summary>
internal sealed class NaiveWindow(int capacity, int windowTokens) : NaiveCache
{
    private readonly Dictionary<int, (int Token, int Use)> _lastUse = [];
    private int _token;
    private int _use;

    public override IReadOnlyCollection<int> Held => _lastUse.Keys;

    public override void Touch(int key) => _lastUse[key] = (_token, _use++);

    public override int Insert(int key, int segmentSlots)
    {
        if (capacity == 0)
            return key;
        int evicted = -1;
        if (_lastUse.Count == capacity)
        {
            evicted = _lastUse.MinBy(pair => pair.Value.Use).Key;
            _lastUse.Remove(evicted);
        }
        Touch(key);
        return evicted;
    }

    public override IReadOnlyList<int> EndPass()
    {
        _token++;
        int[] byUse = [.. _lastUse.OrderBy(pair => pair.Value.Use).Select(pair => pair.Key)];
        int[] expired = Array.FindAll(byUse, key => _token - _lastUse[key].Token > windowTokens);
        foreach (int key in expired)
            _lastUse.Remove(key);
        return expired;
    }
}
