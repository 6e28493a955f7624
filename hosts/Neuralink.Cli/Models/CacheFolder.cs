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
    public static string Of(Surroundings surroundings)
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
        return root is { Length: > 0 }
            ? Path.Combine(root, "neuralink")
            : throw new NeuralinkException(
                "find the cache folder", "a home folder", "none", "pack the model with 'neuralink pack' and give the image with --model");
    }

    private static string? Home(Surroundings surroundings) => surroundings.Variable("HOME") is { Length: > 0 } home ? home : null;
}
