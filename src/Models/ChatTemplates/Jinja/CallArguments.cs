namespace Neuralink.Models.ChatTemplates.Jinja;

/// <summary>
/// The arguments of a call, a filter or a test. Whoever is called takes them in the order of his parameters, and then says that there are
/// no more: what is not understood is refused.
/// </summary>
/// <param name="callee">Whose they are, for messages.</param>
/// <param name="positional">In their order.</param>
/// <param name="named">By name.</param>
internal sealed class CallArguments(string callee, IReadOnlyList<object?> positional, IReadOnlyDictionary<string, object?> named)
{
    public static IReadOnlyDictionary<string, object?> NoneNamed { get; } = new Dictionary<string, object?>(StringComparer.Ordinal);

    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private int _next;

    public string Callee => callee;

    /// <summary>The positional ones that are not taken yet.</summary>
    public IReadOnlyList<object?> Rest => [.. positional.Skip(_next)];

    /// <summary>The named ones that are not taken yet.</summary>
    public IEnumerable<KeyValuePair<string, object?>> NamedRest => named.Where(pair => !_taken.Contains(pair.Key));

    public bool Has(string name) => _next < positional.Count || named.ContainsKey(name);

    /// <summary>The next argument, or the one of that name.</summary>
    /// <exception cref="JinjaException">There is neither.</exception>
    public object? Take(string name) => TryTake(name, out object? value)
        ? value
        : throw new JinjaException($"{callee} without its argument '{name}'");

    /// <summary>The next argument, or the one of that name, or else <paramref name="fallback"/>.</summary>
    public object? Take(string name, object? fallback) => TryTake(name, out object? value) ? value : fallback;

    /// <summary>One that can be given by its name only.</summary>
    public object? TakeNamed(string name, object? fallback)
    {
        _taken.Add(name);
        return named.TryGetValue(name, out object? value) ? value : fallback;
    }

    public string TakeText(string name) => Text(name, Take(name));

    public string? TakeTextOrNone(string name) => Take(name, null) is { } value ? Text(name, value) : null;

    public long TakeInteger(string name, long fallback) => Take(name, fallback) switch
    {
        long value => value,
        bool value => value ? 1 : 0,
        var other => throw new JinjaException($"{callee} with {JinjaOperators.Describe(other)} as '{name}', where it wants an integer"),
    };

    public bool TakeFlag(string name, bool fallback) => JinjaOperators.IsTrue(Take(name, fallback));

    /// <exception cref="JinjaException">There are arguments that nobody took.</exception>
    public void End()
    {
        if (_next < positional.Count)
            throw new JinjaException($"{callee} with {positional.Count} arguments, where it takes {_next}");
        foreach ((string name, _) in NamedRest)
            throw new JinjaException($"{callee} with an argument '{name}', which is not supported");
    }

    /// <summary>All that is taken positionally from now on.</summary>
    public IReadOnlyList<object?> TakeRest()
    {
        IReadOnlyList<object?> rest = Rest;
        _next = positional.Count;
        return rest;
    }

    private bool TryTake(string name, out object? value)
    {
        _taken.Add(name);
        if (_next < positional.Count)
        {
            value = positional[_next++];
            if (named.ContainsKey(name))
                throw new JinjaException($"{callee} with its argument '{name}' twice");
            return true;
        }
        return named.TryGetValue(name, out value);
    }

    private string Text(string name, object? value) => value as string
        ?? throw new JinjaException($"{callee} with {JinjaOperators.Describe(value)} as '{name}', where it wants a string");
}
