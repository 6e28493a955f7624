namespace Neuralink.Benchmarks;

/// <summary>The demonstration model of the repository that this program was built in.</summary>
internal static class BundledModel
{
    public static string Folder
    {
        get
        {
            DirectoryInfo? folder = new(AppContext.BaseDirectory);
            while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Neuralink.sln")))
                folder = folder.Parent;
            return Path.Combine(folder?.FullName ?? ".", "models", "tiny-stories");
        }
    }
}
