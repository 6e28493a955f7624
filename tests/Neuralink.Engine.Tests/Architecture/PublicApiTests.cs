using System.Reflection;
using Neuralink.Tests.Support;
using PublicApiGenerator;

namespace Neuralink.Engine.Tests.Architecture;

/// <summary>
/// What a caller may use is chosen: public members of the engine are listed in approved files beside this test, and src/Actors has none.
/// Who changes them on purpose runs this test and copies the file that its failure names over the approved one.
/// </summary>
public sealed class PublicApiTests
{
    // What compilers add changes with their versions.
    private static readonly ApiGeneratorOptions s_options = new()
    {
        IncludeAssemblyAttributes = false,
        ExcludeAttributes = ["System.Runtime.CompilerServices.AsyncIteratorStateMachineAttribute"],
    };

    [Fact]
    public void The_engine_shows_what_is_approved() => ShouldBeApproved(typeof(NeuralinkEngine).Assembly);

    [Fact]
    public void The_actors_show_nothing() => typeof(Actors.PipelineActor).Assembly.GetExportedTypes().Should().BeEmpty();

    private static void ShouldBeApproved(Assembly assembly)
    {
        string name = assembly.GetName().Name!;
        string found = assembly.GeneratePublicApi(s_options).ReplaceLineEndings("\n");
        string approved = Path.Combine(Repository.Root, "tests", "Neuralink.Engine.Tests", "Architecture", $"{name}.approved.txt");
        string received = Path.Combine(AppContext.BaseDirectory, $"{name}.received.txt");
        File.WriteAllText(received, $"{found.TrimEnd()}\n");
        File.ReadAllText(approved).Should()
            .Be(File.ReadAllText(received), "{0} was approved; copy {1} there if it is meant", approved, received);
    }
}
