namespace Neuralink.Placement.Tests.Caching;

/// <summary>By last use, the oldest first.</summary>
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

/// <summary>Which token used which key last; uses are numbered, so that the order within a token is known too.</summary>
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
        int[] expired = [.. _lastUse.Where(pair => _token - pair.Value.Token > windowTokens).OrderBy(pair => pair.Value.Use).Select(pair => pair.Key)];
        foreach (int key in expired)
            _lastUse.Remove(key);
        return expired;
    }
}
