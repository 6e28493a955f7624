using System.Globalization;

namespace Neuralink.Storage.Gguf;

/// <summary>
/// The metadata of a GGUF file. A value that is asked for as another type than it has is refused by its key; any width of a whole number
/// will do.
/// </summary>
public sealed class GgufMetadata
{
    private readonly IReadOnlyDictionary<string, GgufValue> _values;

    /// <param name="path">The file, for messages.</param>
    /// <param name="values">The values by key.</param>
    public GgufMetadata(string path, IReadOnlyDictionary<string, GgufValue> values)
    {
        Path = path;
        _values = values;
    }

    /// <summary>The file, for messages.</summary>
    public string Path { get; }

    /// <summary>All of it.</summary>
    public IReadOnlyDictionary<string, GgufValue> Values => _values;

    public bool Has(string key) => _values.ContainsKey(key);

    /// <summary>The text of a key, or null where the key is not there.</summary>
    public string? Text(string key) => Find(key)?.Content switch
    {
        null => null,
        string text => text,
        _ => throw WrongType(key, "a string"),
    };

    public string RequireText(string key) => Text(key) ?? throw Missing(key);

    /// <summary>A whole number within 32 bits, or null where the key is not there.</summary>
    public int? Integer(string key) => Find(key)?.Content switch
    {
        null => null,
        long number and >= int.MinValue and <= int.MaxValue => (int)number,
        ulong number and <= int.MaxValue => (int)number,
        long or ulong => throw Refuse(key, "a number within 31 bits", Shown(key)),
        _ => throw WrongType(key, "a whole number"),
    };

    public int RequireInteger(string key) => Integer(key) ?? throw Missing(key);

    /// <summary>A number, or null where the key is not there.</summary>
    public float? Number(string key) => Find(key)?.Content switch
    {
        null => null,
        double number => (float)number,
        long number => number,
        ulong number => number,
        _ => throw WrongType(key, "a number"),
    };

    public float RequireNumber(string key) => Number(key) ?? throw Missing(key);

    public bool? Flag(string key) => Find(key)?.Content switch
    {
        null => null,
        bool flag => flag,
        _ => throw WrongType(key, "a bool"),
    };

    /// <summary>An array of texts, or null where the key is not there.</summary>
    public IReadOnlyList<string>? Texts(string key) => Find(key)?.Content switch
    {
        null => null,
        string[] texts => texts,
        _ => throw WrongType(key, "an array of strings"),
    };

    /// <summary>An array of whole numbers within 32 bits, or null where the key is not there.</summary>
    public IReadOnlyList<int>? Integers(string key) => Find(key)?.Content switch
    {
        null => null,
        int[] numbers => numbers,
        uint[] numbers => Narrow(numbers, key, static n => n),
        long[] numbers => Narrow(numbers, key, static n => n),
        ulong[] numbers => Narrow(numbers, key, static n => (long)Math.Min(n, long.MaxValue)),
        short[] numbers => Narrow(numbers, key, static n => n),
        ushort[] numbers => Narrow(numbers, key, static n => n),
        sbyte[] numbers => Narrow(numbers, key, static n => n),
        byte[] numbers => Narrow(numbers, key, static n => n),
        _ => throw WrongType(key, "an array of whole numbers"),
    };

    /// <summary>An array of numbers, or null where the key is not there.</summary>
    public IReadOnlyList<float>? Numbers(string key) => Find(key)?.Content switch
    {
        null => null,
        float[] numbers => numbers,
        double[] numbers => Array.ConvertAll(numbers, static n => (float)n),
        _ => throw WrongType(key, "an array of numbers"),
    };

    /// <summary>Whether a value means that what its key names is not there: false, 0, and what is empty.</summary>
    public bool IsOff(string key) => Find(key)?.Content is null or false or 0L or 0UL or 0.0 or "" or Array { Length: 0 };

    /// <summary>Whether the key's value is an array.</summary>
    public bool IsArray(string key) => Find(key)?.Type == GgufValueType.Array;

    /// <summary>The value as a message shows it.</summary>
    public string Shown(string key) => Find(key)?.Content switch
    {
        null => "nothing",
        Array { Length: var length } => $"{length} items",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        var content => $"\"{content}\"",
    };

    public NeuralinkException Missing(string key) => new(
        $"open {Path}", $"the key {key}", "a file without it", "the file is damaged or of another kind; get it again");

    public NeuralinkException Refuse(string key, string expected, string found, string? advice = null) =>
        new($"open {Path}", $"{key} to be {expected}", found, advice);

    private GgufValue? Find(string key) => _values.GetValueOrDefault(key);

    private NeuralinkException WrongType(string key, string expected) => Refuse(key, expected, Find(key)!.TypeName);

    private int[] Narrow<T>(T[] numbers, string key, Func<T, long> widen) => Array.ConvertAll(numbers, number =>
        widen(number) is >= int.MinValue and <= int.MaxValue and var value
            ? (int)value
            : throw Refuse(key, "an array of numbers within 31 bits", $"{number} in it"));
}
