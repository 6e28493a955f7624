using System.Xml.Linq;
using Neuralink.Tests.Support;

namespace Neuralink.Hosting.Tests.Packages;

/// <summary>The package of the engine has the projects below it inside, so it states their dependencies itself.</summary>
public sealed class EnginePackageTests
{
    [Fact]
    public void It_depends_on_the_packages_of_the_projects_inside_and_on_no_other()
    {
        XDocument nuspec = XDocument.Load(Path.Combine(Repository.Root, "src", "Engine", "Neuralink.nuspec"));
        nuspec.Descendants().Where(e => e.Name.LocalName == "dependency").Select(e => (string)e.Attribute("id")!)
            .Should().BeEquivalentTo(
                Inside().SelectMany(project => Included(project, "PackageReference")).Distinct(StringComparer.Ordinal),
                "what a project inside uses must come with the package");
    }

    /// <summary>The engine's project and all below it.</summary>
    private static HashSet<string> Inside()
    {
        HashSet<string> found = new(StringComparer.Ordinal);
        Queue<string> open = new([Path.Combine(Repository.Root, "src", "Engine", "Neuralink.Engine.csproj")]);
        while (open.TryDequeue(out string? project))
        {
            if (!found.Add(project))
                continue;
            foreach (string reference in Included(project, "ProjectReference"))
                open.Enqueue(Path.GetFullPath(Path.Combine(Path.GetDirectoryName(project)!, reference)));
        }
        return found;
    }

    private static IEnumerable<string> Included(string project, string item) =>
        XDocument.Load(project).Descendants(item).Select(reference => (string)reference.Attribute("Include")!);
}
