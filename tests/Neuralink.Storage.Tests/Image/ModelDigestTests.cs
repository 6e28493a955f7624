using System.Text.Json;
using System.Text.Json.Nodes;
using Neuralink.Storage.Image;

namespace Neuralink.Storage.Tests.Image;

/// <summary>The digest of an image's model changes with the model and with nothing else.</summary>
public sealed class ModelDigestTests : IDisposable
{
    private readonly SmallImage _image = new();
    private readonly string _digest;

    public ModelDigestTests() => _digest = FlashImage.Open(_image.Folder).ModelDigest;

    public void Dispose() => _image.Dispose();

    [Fact]
    public void A_new_placement_leaves_it()
    {
        JsonObject manifest = _image.Manifest;
        manifest["placement"]!["method"] = "neuralink";
        manifest["written_by"] = "another";
        manifest["files"]![ImageFiles.Neurons]!["xxh128"] = new string('0', 32);
        manifest["files"]![ImageFiles.Placement]!["xxh128"] = new string('1', 32);
        DigestOf(manifest).Should().Be(_digest).And.MatchRegex("^[0-9a-f]{64}$");
        File.WriteAllText(
            _image.PathOf(ImageManifest.FileName),
            manifest.ToJsonString(new JsonSerializerOptions { WriteIndented = true, IndentSize = 7 }));
        FlashImage.Open(_image.Folder).ModelDigest.Should().Be(_digest, "white space means nothing");
    }

    [Theory]
    [InlineData(ImageFiles.Resident)]
    [InlineData(ImageFiles.Predictor)]
    public void Other_weights_change_it(string file)
    {
        JsonObject manifest = _image.Manifest;
        manifest["files"]![file]!["xxh128"] = new string('0', 32);
        DigestOf(manifest).Should().NotBe(_digest);
    }

    [Fact]
    public void Another_configuration_or_weight_format_changes_it()
    {
        JsonObject manifest = _image.Manifest;
        manifest["weights"]!["down"] = "bf16";
        string other = DigestOf(manifest);
        other.Should().NotBe(_digest);
        manifest["model"]!["activation_threshold"] = 0.25;
        DigestOf(manifest).Should().NotBe(_digest).And.NotBe(other);
    }

    private string DigestOf(JsonObject manifest)
    {
        _image.WriteManifest(manifest);
        return FlashImage.Open(_image.Folder).ModelDigest;
    }
}
