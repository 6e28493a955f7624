using Neuralink.Tests.Support;

namespace Neuralink.Actors.Tests.Architecture;

/// <summary>Keeps lines of code and prose short enough to be read side by side.</summary>
public sealed class LineLengthTests
{
    private const int ColumnsMax = 140;

    // What keeps the rule today: folders, and files.
    private static readonly string[] s_places =
    [
        "README.md",
        "docs",
        "bench",
        "hosts/Neuralink.Cli/Devices",
        "hosts/Neuralink.Cli/Generate",
        "hosts/Neuralink.Cli/Images",
        "hosts/Neuralink.Cli/Models",
        "hosts/Neuralink.Cli/Planning",
        "hosts/Neuralink.Cli/Placements",
        "hosts/Neuralink.Cli/Quality",
        "hosts/Neuralink.Cli/Synthetic",
        "hosts/Neuralink.Cli/Terminal",
        "hosts/Neuralink.Cli/Tokens",
        "hosts/Neuralink.Cli/Traces",
        "hosts/Neuralink.Cli/Training",
        "src/Actors",
        "src/Engine",
        "src/Kernels",
        "src/Models",
        "src/Pipeline",
        "src/Placement",
        "src/Storage",
        "src/Studies",
        "tests/Neuralink.Actors.Tests",
        "tests/Neuralink.Cli.Tests",
        "tests/Neuralink.Kernels.Tests",
        "tests/Neuralink.Models.Tests",
        "tests/Neuralink.Placement.Tests",
        "tests/Neuralink.Storage.Tests",
        "tests/Neuralink.Studies.Tests",
        "tests/Neuralink.Tests.Support",
    ];

    [Fact]
    public void No_line_has_more_than_140_columns() =>
        s_places.SelectMany(TextFiles).SelectMany(LongLines).Should().BeEmpty();

    private static IEnumerable<string> TextFiles(string place)
    {
        string[] extensions = [".cs", ".md"], built = ["bin", "obj"];
        string root = Path.Combine(Repository.Root, place);
        return File.Exists(root) ? [root] : Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories)
            .Where(file => extensions.Contains(Path.GetExtension(file)))
            .Where(file => !Path.GetRelativePath(root, file).Split(Path.DirectorySeparatorChar).Intersect(built).Any());
    }

    private static IEnumerable<string> LongLines(string file) =>
        File.ReadLines(file).Index().Where(line => line.Item.Length > ColumnsMax)
            .Select(line => $"{Path.GetRelativePath(Repository.Root, file)}:{line.Index + 1} has {line.Item.Length} columns");
}
