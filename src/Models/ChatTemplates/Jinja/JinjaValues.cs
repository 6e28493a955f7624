namespace Neuralink.Models.ChatTemplates.Jinja;

// A value is null (none), a bool, a long, a double, a string, or one of these.

/// <summary>What has no value: a name nobody defined, a key that is not there. It prints as nothing and is false.</summary>
/// <param name="Name">What was asked for, for messages.</param>
internal sealed record JinjaUndefined(string Name)
{
    /// <summary>All are alike, as in jinja2.</summary>
    public bool Equals(JinjaUndefined? other) => other is not null;

    public override int GetHashCode() => 0;
}

/// <summary>A list, or a tuple, which only prints otherwise. Templates never change one.</summary>
internal sealed record JinjaList(IReadOnlyList<object?> Items, bool IsTuple = false)
{
    public static JinjaList Of(IEnumerable<object?> items) => new([.. items]);

    public static JinjaList Tuple(params object?[] items) => new(items, IsTuple: true);
}

/// <summary>
/// What filters as map and select give: items to go through once. It is true even without items, and has no length, as in Python.
/// </summary>
/// <param name="items">Makes them when they are first asked for.</param>
internal sealed class JinjaGenerator(Func<IEnumerable<object?>> items)
{
    private bool _isTaken;

    /// <summary>The items, the first time; none later.</summary>
    public IReadOnlyList<object?> Take()
    {
        if (_isTaken)
            return [];
        _isTaken = true;
        return [.. items()];
    }
}

/// <summary>A dictionary in the order of its making. Keys are as Python's: 1, 1.0 and true are one key.</summary>
internal sealed class JinjaDictionary
{
    private static readonly object s_none = new();

    private readonly OrderedDictionary<object, object?> _values = new(KeyComparer.Instance);

    public int Count => _values.Count;

    public IEnumerable<object?> Keys => _values.Keys.Select(FromKey);

    public IEnumerable<object?> Values => _values.Values;

    public IEnumerable<KeyValuePair<object?, object?>> Items => _values.Select(pair => KeyValuePair.Create(FromKey(pair.Key), pair.Value));

    public object? this[object? key]
    {
        set => _values[ToKey(key)] = value;
    }

    public bool TryGet(object? key, out object? value) => _values.TryGetValue(ToKey(key), out value);

    public JinjaDictionary Copy()
    {
        JinjaDictionary copy = new();
        foreach ((object? key, object? value) in Items)
            copy[key] = value;
        return copy;
    }

    private static object ToKey(object? key) => key is JinjaDictionary or JinjaList { IsTuple: false }
        ? throw new JinjaException($"{JinjaOperators.Describe(key)} as a key, which it cannot be")
        : key ?? s_none;

    private static object? FromKey(object key) => ReferenceEquals(key, s_none) ? null : key;

    private sealed class KeyComparer : IEqualityComparer<object>
    {
        public static KeyComparer Instance { get; } = new();

        public new bool Equals(object? x, object? y) => JinjaOperators.AreEqual(x, y);

        public int GetHashCode(object value) => value switch
        {
            bool or long or double => JinjaOperators.ToDouble(value).GetHashCode(),
            JinjaList => 1,
            _ => value.GetHashCode(),
        };
    }
}

/// <summary>The one object whose attributes a template sets: what it notes in a loop is there behind it.</summary>
internal sealed class JinjaNamespace
{
    public Dictionary<string, object?> Values { get; } = new(StringComparer.Ordinal);
}

/// <summary>What can be called.</summary>
/// <param name="name">Its name, for messages.</param>
/// <param name="invoke">Does it.</param>
internal sealed class JinjaFunction(string name, Func<CallArguments, RenderState, object?> invoke)
{
    public string Name => name;

    public object? Invoke(CallArguments arguments, RenderState state) => invoke(arguments, state);
}
