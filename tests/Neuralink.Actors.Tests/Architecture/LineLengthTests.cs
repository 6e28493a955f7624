using Neuralink.Tests.Support;

namespace Neuralink.Actors.Tests.Architecture;

/// <summary>Keeps lines of code and prose short enough to be read side by side.</summary>
public sealed class LineLengthTests
{
    private const int ColumnsMax = 140;

    private static readonly string[] s_places = ["README.md", "bench", "deploy", "docs", "hosts", "src", "tests"];

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
