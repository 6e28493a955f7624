namespace Neuralink.Storage.Pickle;

/// <summary>
/// A dictionary of a pickle, of which only the entries with texts as keys are kept. All other values of a pickle are null,
/// <see cref="bool"/>, <see cref="long"/>, <see cref="double"/>, <see cref="string"/>, byte[] (bytes, and numbers of more than 64 bits), a
/// <see cref="List{T}"/> of values, an array of values (a tuple), or what a <see cref="PickleGlobal"/> made.
/// </summary>
internal sealed class PickleDictionary
{
    /// <summary>The entries, in their order.</summary>
    public OrderedDictionary<string, object?> Entries { get; } = new(StringComparer.Ordinal);

    public void Set(object? key, object? value)
    {
        if (key is string name)
            Entries[name] = value;
    }
}

/// <summary>A constructor or constant that a pickle may name.</summary>
/// <param name="Name">Its module and name, as Python writes it.</param>
/// <param name="Call">What it makes of its arguments; null for a constant.</param>
internal sealed record PickleGlobal(string Name, Func<object?[], object?>? Call = null);

/// <summary>What the machine asks about a pickle's references to the world outside it.</summary>
/// <param name="Find">The global of a module and a name.</param>
/// <param name="Load">The object that a persistent id stands for.</param>
internal sealed record PickleWorld(Func<string, string, PickleGlobal> Find, Func<object?, object> Load);
