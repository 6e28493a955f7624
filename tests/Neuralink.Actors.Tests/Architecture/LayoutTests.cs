using System.Text.RegularExpressions;
using System.Xml.Linq;
using Neuralink.Tests.Support;

namespace Neuralink.Actors.Tests.Architecture;

/// <summary>The rules that docs/ARCHITECTURE.md states about which part may use which, and where unsafe code lives.</summary>
public sealed partial class LayoutTests
{
    [Theory]
    [InlineData("Kernels")]
    [InlineData("Placement")]
    [InlineData("Storage", "Kernels", "Placement")]
    [InlineData("Models", "Kernels", "Placement", "Storage")]
    [InlineData("Pipeline", "Placement")]
    [InlineData("Actors", "Models", "Pipeline")]
    [InlineData("Studies", "Engine", "Pipeline")]
    [InlineData("Engine", "Actors")]
    [InlineData("Hosting", "Engine")]
    [InlineData("Hosting.Cluster", "Hosting")]
    public void A_part_references_only_those_below_it(string part, params string[] allowed)
    {
        XDocument project = XDocument.Load(Path.Combine(Repository.Root, "src", part, $"Neuralink.{part}.csproj"));
        project.Descendants("ProjectReference")
            .Select(r => Path.GetFileNameWithoutExtension((string)r.Attribute("Include")!)["Neuralink.".Length..])
            .Should().BeEquivalentTo(allowed);
    }

    [Fact]
    public void Only_kernels_and_storage_may_be_unsafe()
    {
        string[] allowed = ["Neuralink.Kernels", "Neuralink.Storage"];
        Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "hosts"), "*.csproj", SearchOption.AllDirectories))
            .Where(p => XDocument.Load(p).Descendants("AllowUnsafeBlocks").Any())
            .Select(Path.GetFileNameWithoutExtension)
            .Should().BeSubsetOf(allowed);
    }

    [Fact]
    public void Source_files_stay_readable()
    {
        string[] roots = ["src", "hosts"];
        roots.SelectMany(r => Sources(Path.Combine(Repository.Root, r)))
            .Where(f => File.ReadLines(f).Count() > 400)
            .Should().BeEmpty("no file has more than 400 lines");
    }

    [Fact]
    public void Sources_below_the_hosts_read_no_environment_variables()
    {
        Sources(Path.Combine(Repository.Root, "src"))
            .Where(f => EnvironmentRead().IsMatch(File.ReadAllText(f)))
            .Should().BeEmpty();
    }

    private static IEnumerable<string> Sources(string root)
    {
        string[] built = ["bin", "obj"];
        return Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Where(f => !Path.GetRelativePath(root, f).Split(Path.DirectorySeparatorChar).Intersect(built).Any());
    }

    [GeneratedRegex(@"Environment\.(GetEnvironmentVariable|ExpandEnvironment|GetFolderPath)")]
    private static partial Regex EnvironmentRead();
}
