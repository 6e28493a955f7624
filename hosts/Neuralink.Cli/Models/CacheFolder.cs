using Neuralink.Cli.Terminal;
using Neuralink.Storage;

namespace Neuralink.Cli.Models;

/// <summary>Where packed images are kept: the user's cache folder, as each platform has it.</summary>
internal static class CacheFolder
{
    /// <summary>
    /// Windows: %LOCALAPPDATA%. macOS: ~/Library/Caches. Elsewhere: $XDG_CACHE_HOME, or ~/.cache where that is unset or relative, as the
    /// XDG base directory specification says.
    /// </summary>
    /// <exception cref="NeuralinkException">The user has no home.</exception>
    public static string Of(Surroundings surroundings) => Find(surroundings) ?? throw new NeuralinkException(
        "find the cache folder", "the full path of a home folder in HOME",
        surroundings.Variable("HOME") is { Length: > 0 } home ? $"'{home}'" : "none",
        "set HOME or XDG_CACHE_HOME, or pack the model with 'neuralink pack' and give the image with --model");

    /// <summary>The same, or null where the user has no home.</summary>
    public static string? Find(Surroundings surroundings)
    {
        string? root;
        if (OperatingSystem.IsWindows())
            root = surroundings.Variable("LOCALAPPDATA");
        else if (OperatingSystem.IsMacOS())
            root = Home(surroundings) is { } home ? Path.Combine(home, "Library", "Caches") : null;
        else if (surroundings.Variable("XDG_CACHE_HOME") is { } cache && Path.IsPathRooted(cache))
            root = cache;
        else
            root = Home(surroundings) is { } home ? Path.Combine(home, ".cache") : null;
        return root is { Length: > 0 } ? Path.Combine(root, "neuralink") : null;
    }

    private static string? Home(Surroundings surroundings) =>
        surroundings.Variable("HOME") is { } home && Path.IsPathRooted(home) ? home : null;
}
