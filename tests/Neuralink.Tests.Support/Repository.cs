namespace Neuralink.Tests.Support;

/// <summary>Where the tests run from.</summary>
public static class Repository
{
    /// <summary>The folder of Neuralink.sln.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Neuralink.sln")))
                return folder.FullName;
        }
        throw new InvalidOperationException($"Neuralink.sln is in no folder above {AppContext.BaseDirectory}.");
    }
}
