using Neuralink.Storage.Image;

namespace Neuralink.Engine.Tests.Models;

/// <summary>A model is called by its folder, with every dot that belongs to its name, however the path is written.</summary>
public sealed class ModelNameTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("neuralink-names-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("opt-1.3b", "opt-1.3b")]
    [InlineData("Llama-2-7b.v1.safetensors", "Llama-2-7b.v1.safetensors")]
    [InlineData("kind of blue 1.5", "kind of blue 1.5")]
    [InlineData("名前-0.5", "名前-0.5")]
    [InlineData(".hidden", ".hidden")]
    [InlineData("model.nlk", "model.nlk")]
    public void A_folder_of_any_name(string folder, string name)
    {
        string path = Directory.CreateDirectory(PathOf(folder)).FullName;
        foreach (string written in (string[])[path, $"{path}/", $"{path}/.", $"{path}/x/..", $"{path}/../{folder}//"])
            ModelStore.NameOf(written).Should().Be(name, "of {0}", written);
    }

    [Theory]
    [InlineData("opt-1.3b.nlk", "opt-1.3b")]
    [InlineData("opt-1.3b.NLK", "opt-1.3b")]
    [InlineData("opt-1.3b", "opt-1.3b")]
    [InlineData("a.nlk.nlk", "a.nlk")]
    public void An_image_drops_its_extension_and_no_other(string folder, string name)
    {
        string path = Directory.CreateDirectory(PathOf(folder)).FullName;
        File.WriteAllText(Path.Combine(path, ImageManifest.FileName), "{}");
        ModelStore.NameOf(path).Should().Be(name);
    }

    [Fact]
    public void A_link_has_a_name_of_its_own()
    {
        Directory.CreateSymbolicLink(PathOf("link-2.0"), Directory.CreateDirectory(PathOf("target-1.0")).FullName);
        ModelStore.NameOf(PathOf("link-2.0")).Should().Be("link-2.0");
    }

    [Fact]
    public void The_root_has_none() => ModelStore.NameOf("/").Should().Be("model");

    private string PathOf(string name) => Path.Combine(_folder, name);
}
