namespace Neuralink.Models.Tests.Tokenizers;

/// <summary>Finds files by walking up from the test's binaries to the folder of the solution.</summary>
internal static class RepositoryFiles
{
    public static string Root { get; } = FindRoot();

    public static string BundledModel(string file) => Path.Combine(Root, "models", "tiny-stories", file);

    /// <summary>Test vectors kept beside the repository, not in it.</summary>
    public static string SharedData(string path) => Path.GetFullPath(Path.Combine(Root, "..", "shared", "data", path));

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Neuralink.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException("The tests run outside the repository.");
    }
}

/// <summary>A test of vectors kept beside the repository; skipped, with the reason, where they are absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SharedDataFactAttribute : FactAttribute
{
    public SharedDataFactAttribute(string path)
    {
        Path = path;
        if (!File.Exists(RepositoryFiles.SharedData(path)))
            Skip = $"the test vectors ../shared/data/{path} are not beside this repository";
    }

    public string Path { get; }
}

/// <summary>The same for tests with several cases.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class SharedDataTheoryAttribute : TheoryAttribute
{
    public SharedDataTheoryAttribute(string path)
    {
        Path = path;
        if (!File.Exists(RepositoryFiles.SharedData(path)))
            Skip = $"the test vectors ../shared/data/{path} are not beside this repository";
    }

    public string Path { get; }
}
