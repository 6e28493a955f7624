using System.Text.RegularExpressions;
using Neuralink.Tests.Support;

namespace Neuralink.Actors.Tests.Architecture;

/// <summary>
/// Holds the style of .editorconfig that no analyzer holds: braces stand around statements of several lines only. Where a part of an if and
/// else needs them, all its parts may have them.
/// </summary>
public sealed partial class BraceStyleTests
{
    [Fact]
    public void A_statement_of_one_line_has_no_braces()
    {
        string[] roots = ["src", "hosts", "bench", "tests"], built = ["bin", "obj"];
        IEnumerable<string> files = roots.Select(root => Path.Combine(Repository.Root, root))
            .SelectMany(root => Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Intersect(built).Any());
        files.SelectMany(Braced).Should().BeEmpty();
    }

    private static IEnumerable<string> Braced(string file)
    {
        string text = File.ReadAllText(file);
        return InBraces().Matches(text).Select(match =>
            $"{Path.GetRelativePath(Repository.Root, file)}:{text.AsSpan(0, match.Index).Count('\n') + 2}");
    }

    // A header of one line, a statement of one line that declares nothing, and no else behind it.
    [GeneratedRegex(
        @"\n(?<indent> *)(if|foreach|for|while|using|lock|fixed) \(.*\)\n\k<indent>\{\n\k<indent>    (?!//|[\w.<>\[\],? ]+ \w+ = ).*;\n"
        + @"\k<indent>\}\n(?!\k<indent>else)", RegexOptions.ExplicitCapture)]
    private static partial Regex InBraces();
}
