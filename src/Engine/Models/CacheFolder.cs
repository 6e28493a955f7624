namespace Neuralink;

/// <summary>Where packed images and device profiles are kept by custom: the user's cache folder, as each platform has it.</summary>
public static class CacheFolder
{
    /// <summary>
    /// Windows: %LOCALAPPDATA%. macOS: ~/Library/Caches. Elsewhere: $XDG_CACHE_HOME, or ~/.cache where that is unset or relative, as the
    /// XDG base directory specification says. Null where the user has no home.
    /// </summary>
    /// <param name="variable">The value of an environment variable, or null.</param>
    public static string? Find(Func<string, string?> variable)
    {
        string? root;
        if (OperatingSystem.IsWindows())
            root = variable("LOCALAPPDATA");
        else if (OperatingSystem.IsMacOS())
            root = Home(variable) is { } home ? Path.Combine(home, "Library", "Caches") : null;
        else if (variable("XDG_CACHE_HOME") is { } cache && Path.IsPathRooted(cache))
            root = cache;
        else
            root = Home(variable) is { } home ? Path.Combine(home, ".cache") : null;
        return root is { Length: > 0 } ? Path.Combine(root, "neuralink") : null;
    }

    private static string? Home(Func<string, string?> variable) =>
        variable("HOME") is { } home && Path.IsPathRooted(home) ? home : null;
}
