using Neuralink.Cli.Models;

namespace Neuralink.Cli.Tests.Models;

/// <summary>A model is called by its folder, with every dot that belongs to its name, however the path is written.</summary>
public sealed class ModelNameTests : IDisposable
{
    private readonly TestHome _home = new();

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData("opt-1.3b", "opt-1.3b")]
    [InlineData("Llama-2-7b.v1.safetensors", "Llama-2-7b.v1.safetensors")]
    [InlineData("kind of blue 1.5", "kind of blue 1.5")]
    [InlineData("名前-0.5", "名前-0.5")]
    [InlineData(".hidden", ".hidden")]
    [InlineData("model.nlk", "model.nlk")]
    public void A_folder_of_any_name(string folder, string name)
    {
        string path = Directory.CreateDirectory(_home.PathOf(folder)).FullName;
        foreach (string written in (string[])[path, $"{path}/", $"{path}/.", $"{path}/x/..", $"{path}/../{folder}//"])
            ModelLocator.NameOf(written).Should().Be(name, "of {0}", written);
    }

    [Theory]
    [InlineData("opt-1.3b.nlk", "opt-1.3b")]
    [InlineData("opt-1.3b.NLK", "opt-1.3b")]
    [InlineData("opt-1.3b", "opt-1.3b")]
    [InlineData("a.nlk.nlk", "a.nlk")]
    public void An_image_drops_its_extension_and_no_other(string folder, string name)
    {
        string path = Directory.CreateDirectory(_home.PathOf(folder)).FullName;
        File.WriteAllText(Damage.Manifest(path), "{}");
        ModelLocator.NameOf(path).Should().Be(name);
    }

    [Fact]
    public void A_link_has_a_name_of_its_own()
    {
        Directory.CreateSymbolicLink(_home.PathOf("link-2.0"), Directory.CreateDirectory(_home.PathOf("target-1.0")).FullName);
        ModelLocator.NameOf(_home.PathOf("link-2.0")).Should().Be("link-2.0");
    }

    [Fact]
    public void The_root_has_none() => ModelLocator.NameOf("/").Should().Be("model");

    [Fact]
    public async Task Every_command_calls_it_so()
    {
        using TinyImage tiny = new();
        string model = _home.PathOf("tiny-1.3b");
        Directory.CreateSymbolicLink(model, tiny.Source);
        CliResult box = await _home.RunAsync("generate", "-m", model, "-p", "a", "-n", "1");
        CliResult json = await _home.RunAsync("generate", "-m", $"{model}/", "-p", "a", "-n", "1", "--json");
        json.Out.Should().Contain("\"model\": \"tiny-1.3b\"");
        box.Error.Should().Contain("packing tiny-1.3b for").And.Contain("╭─tiny-1.3b─");
        (await _home.RunAsync("plan", model)).Out.Should().StartWith("tiny-1.3b, f32, not packed");
        _home.Cached.Should().ContainSingle(image => Path.GetFileName(image).StartsWith("tiny-1.3b-"));
    }
}
