using Neuralink.Cli.Terminal;
using Neuralink.Storage;

namespace Neuralink.Cli.Models;

/// <summary>Finds the demonstration model: in the repository that the program was built in, or beside a published program.</summary>
internal static class BundledModel
{
    private const string Solution = "Neuralink.sln";

    private static readonly string s_place = Path.Combine("models", "tiny-stories");

    /// <exception cref="NeuralinkException">It is in neither place.</exception>
    public static string Find(Surroundings surroundings)
    {
        string beside = Path.Combine(surroundings.ProgramFolder, s_place);
        return Repository(surroundings) is { } root && Directory.Exists(Path.Combine(root, s_place)) ? Path.Combine(root, s_place)
            : Directory.Exists(beside) ? beside
            : throw new NeuralinkException(
                "find the bundled model", $"the folder {beside}", "no such folder", "give another model with --model");
    }

    private static string? Repository(Surroundings surroundings)
    {
        for (DirectoryInfo? folder = new(surroundings.ProgramFolder); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, Solution)))
                return folder.FullName;
        }
        return null;
    }
}
