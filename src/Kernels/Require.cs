using System.Diagnostics.CodeAnalysis;

namespace Neuralink.Kernels;

/// <summary>Checks of spans' lengths. A wrong length is a programmer's error; it throws before anything is read.</summary>
internal static class Require
{
    public static void Length(long found, long expected, string name)
    {
        if (found != expected)
            Throw(name, "exactly", expected, found);
    }

    public static void AtLeast(long found, long expected, string name)
    {
        if (found < expected)
            Throw(name, "at least", expected, found);
    }

    public static void NotNegative(long found, string name) => AtLeast(found, 0, name);

    public static void Multiple(long found, int factor, string name)
    {
        if (found % factor != 0)
            Throw(name, "a multiple of", factor, found);
    }

    [DoesNotReturn]
    private static void Throw(string name, string relation, long expected, long found)
        => throw new ArgumentException($"Expected {relation} {expected}, found {found}.", name);
}
