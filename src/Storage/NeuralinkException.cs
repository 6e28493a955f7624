namespace Neuralink.Storage;

/// <summary>
/// An operating error: something outside the program (a file, a device, a request, a budget) is not as it must be.
/// Its message is one line that a user can act on: what was being done, what was expected, what was found, what to do.
/// A programmer's error is never reported with this type.
/// </summary>
public class NeuralinkException : Exception
{
    /// <param name="operation">What was being done, and to what, e.g. "open model.safetensors".</param>
    /// <param name="expected">What had to hold, or null where <paramref name="found"/> says it all.</param>
    /// <param name="found">What was there instead.</param>
    /// <param name="advice">What the user can do about it, or null.</param>
    /// <param name="inner">The error below this one, if any.</param>
    public NeuralinkException(string operation, string? expected, string found, string? advice = null, Exception? inner = null)
        : base(Describe(operation, expected, found, advice), inner)
    {
        Operation = operation;
        Expected = expected;
        Found = found;
        Advice = advice;
    }

    /// <summary>What was being done, and to what.</summary>
    public string Operation { get; }

    /// <summary>What had to hold.</summary>
    public string? Expected { get; }

    /// <summary>What was there instead.</summary>
    public string Found { get; }

    /// <summary>What the user can do about it.</summary>
    public string? Advice { get; }

    private static string Describe(string operation, string? expected, string found, string? advice)
    {
        string line = expected is null ? $"cannot {operation}: {found}" : $"cannot {operation}: expected {expected}, found {found}";
        return advice is null ? line : $"{line}; {advice}";
    }
}
