using System.Text.RegularExpressions;
using Neuralink.Tests.Support;

namespace Neuralink.Actors.Tests.Architecture;

/// <summary>What documents and comments point at is there.</summary>
public sealed partial class DocumentLinksTests
{
    [Fact]
    public void A_links_file_exists()
    {
        IEnumerable<string> links = Documents()
            .SelectMany(document => Link().Matches(File.ReadAllText(document)).Select(link => (document, link.Groups["target"].Value)))
            .Where(link => !link.Value.Contains("://", StringComparison.Ordinal))
            .Select(link => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(link.document)!, link.Value)));
        links.Should().HaveCountGreaterThan(20).And.AllSatisfy(target => Path.Exists(target).Should().BeTrue($"{target} is linked to"));
    }

    [Fact]
    public void A_comment_names_documents_that_exist()
    {
        string[] roots = ["src", "hosts", "bench", "tests"];
        IEnumerable<string> named = roots
            .SelectMany(root => Directory.EnumerateFiles(Path.Combine(Repository.Root, root), "*.cs", SearchOption.AllDirectories))
            .SelectMany(file => Document().Matches(File.ReadAllText(file)).Select(document => document.Value));
        named.Distinct().Should().HaveCountGreaterThan(5)
            .And.AllSatisfy(name => Path.Exists(Path.Combine(Repository.Root, name)).Should().BeTrue($"{name} is named"));
    }

    private static IEnumerable<string> Documents() =>
        Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories)
            .Append(Path.Combine(Repository.Root, "README.md"));

    // [text](target) and [text]: target, without the place within the target.
    [GeneratedRegex(
        @"\]\((?<target>[^)#\s]+)[^)]*\)|^\[[^\]]+\]: (?<target>[^#\s]+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Link();

    [GeneratedRegex(@"docs/[\w/-]+(\.md)?", RegexOptions.ExplicitCapture)]
    private static partial Regex Document();
}
