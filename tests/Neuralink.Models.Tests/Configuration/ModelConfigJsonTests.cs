using System.Text.Json.Nodes;
using Neuralink.Models.Configuration;
using Neuralink.Storage;
using Neuralink.Storage.Image;
using Neuralink.Tests.Support;

namespace Neuralink.Models.Tests.Configuration;

/// <summary>The configuration in an image's manifest: what packing wrote, or an error.</summary>
public sealed class ModelConfigJsonTests
{
    public static TheoryData<string> Names => new(RandomModels.All.Select(spec => spec.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void An_image_has_the_configuration_of_its_source(string name)
    {
        using RandomModel model = new(RandomModels.ByName(name));
        using PackedModel packed = new(model.Folder);
        ModelConfigJson.Read(FlashImage.Open(packed.Folder)).Should().BeEquivalentTo(HuggingFaceConfig.Read(model.Folder));
    }

    [Theory]
    [InlineData("activation", "\"Sine\"")]
    [InlineData("activation", "99")]
    [InlineData("activation", "null")]
    [InlineData("activation_threshold", "-1")]
    [InlineData("norm", "\"Batch\"")]
    [InlineData("block", "5")]
    [InlineData("rotary_width", "13")]
    [InlineData("hidden_size", "0")]
    [InlineData("kv_head_count", "4")]
    [InlineData("layer_count", "4")]
    [InlineData("ffn_size", "121")]
    [InlineData("end_tokens", "null")]
    [InlineData("end_tokens", "[259]")]
    [InlineData("sliding_window", "-3")]
    [InlineData("rope_scaling", """{ "kind": "Linear" }""")]
    [InlineData("more", "1")]
    public void A_damaged_configuration_is_refused(string name, string value)
    {
        using RandomModel model = new(RandomModels.LlamaRelu);
        using PackedModel packed = new(model.Folder);
        string path = Path.Combine(packed.Folder, ImageManifest.FileName);
        JsonObject manifest = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        manifest["model"]![name] = JsonNode.Parse(value);
        File.WriteAllText(path, manifest.ToJsonString());
        FluentActions.Invoking(() => ModelConfigJson.Read(FlashImage.Open(packed.Folder))).Should().Throw<NeuralinkException>()
            .Which.Message.Should().Contain(path).And.NotContain("\n");
        manifest["model"]!.AsObject().Remove(name);
        File.WriteAllText(path, manifest.ToJsonString());
        if (name != "more")
        {
            FluentActions.Invoking(() => ModelConfigJson.Read(FlashImage.Open(packed.Folder))).Should().Throw<NeuralinkException>()
                .WithMessage($"*{name}*");
        }
    }

    [Fact]
    public void Half_a_character_is_no_string()
    {
        using RandomModel model = new(RandomModels.LlamaRelu);
        using PackedModel packed = new(model.Folder);
        string path = Path.Combine(packed.Folder, ImageManifest.FileName);
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"llama\"", @"""\ud800"""));
        FluentActions.Invoking(() => ModelConfigJson.Read(FlashImage.Open(packed.Folder))).Should().Throw<NeuralinkException>()
            .WithMessage($"*{path}*");
    }
}
