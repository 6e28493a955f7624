using System.Text;

namespace Neuralink.Models.ChatTemplates.Jinja;

/// <summary>
/// One rendering: its output, and what it has used of its bounds. A template comes with a model from anywhere, so it must end, and in
/// bounded memory.
/// </summary>
/// <param name="now">What strftime_now tells.</param>
internal sealed class RenderState(DateTimeOffset now)
{
    /// <summary>Nested calls, and nested values.</summary>
    public const int DepthMax = 100;

    /// <summary>Characters of a text, items of a list.</summary>
    private const int LengthMax = 16 << 20;

    private const int StepsMax = 2_000_000;

    // Of all texts that were made, whether they are kept or not.
    private const long CharsMax = 512L << 20;

    private StringBuilder _output = new();
    private int _steps;
    private int _depth;
    private long _chars;

    public DateTimeOffset Now => now;

    public string Output => _output.ToString();

    public static void CheckLength(Int128 length)
    {
        if (length > LengthMax)
            throw new JinjaException($"a value of more than {LengthMax} characters or items");
    }

    public void Write(string text)
    {
        CheckLength((long)_output.Length + text.Length);
        _output.Append(text);
    }

    /// <summary>What <paramref name="render"/> writes, as a text.</summary>
    public string Capture(Action render)
    {
        StringBuilder outer = _output;
        _output = new StringBuilder();
        try
        {
            render();
            return _output.ToString();
        }
        finally
        {
            _output = outer;
        }
    }

    /// <summary>Notes that a node was evaluated.</summary>
    public void Step()
    {
        if (++_steps > StepsMax)
            throw new JinjaException($"more than {StepsMax} steps: the template does not end");
    }

    /// <summary>Notes a value that was made.</summary>
    public void Charge(object? value)
    {
        _chars += value switch { string text => text.Length, JinjaList list => list.Items.Count, _ => 0 };
        if (_chars > CharsMax)
            throw new JinjaException($"more than {CharsMax} characters in all that it makes");
    }

    /// <summary>Calls one level deeper.</summary>
    public T Nest<T>(Func<T> call)
    {
        if (++_depth > DepthMax)
            throw new JinjaException($"more than {DepthMax} nested calls");
        try
        {
            return call();
        }
        finally
        {
            _depth--;
        }
    }
}

/// <summary>Names with values. A loop's body, a macro and the like have one of their own; what they set is gone behind them.</summary>
internal sealed class Scope(Scope? outer)
{
    private readonly Dictionary<string, object?> _values = new(StringComparer.Ordinal);

    public object? this[string name]
    {
        get
        {
            for (Scope? scope = this; scope is not null; scope = scope.Outer)
            {
                if (scope._values.TryGetValue(name, out object? value))
                    return value;
            }
            return new JinjaUndefined(name);
        }

        set => _values[name] = value;
    }

    private Scope? Outer => outer;
}
