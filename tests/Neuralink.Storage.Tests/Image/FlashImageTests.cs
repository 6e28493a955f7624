using System.Text.Json.Nodes;
using Neuralink.Placement;
using Neuralink.Storage.Image;

namespace Neuralink.Storage.Tests.Image;

/// <summary>
/// An image that is not as it was packed is refused, with a message that names the file, what was expected and what was found.
/// </summary>
public sealed class FlashImageTests : IDisposable
{
    private const string Statistics =
        """{ "reads_per_token": 1, "mean_read_bundles": 1, "bytes_read_per_byte_used": 1, "millis_per_token": 1 }""";

    private readonly SmallImage _image = new();

    public static TheoryData<string> FileNames =>
        [ImageFiles.Resident, ImageFiles.Neurons, ImageFiles.Placement, ImageFiles.Predictor, ImageFiles.Tokenizer];

    public void Dispose() => _image.Dispose();

    [Fact]
    public void An_image_as_packed_opens_verifies_and_says_where_its_bundles_lie()
    {
        FlashImage image = _image.Check();
        (image.LayerCount, image.SlotCount, image.StrideBytes).Should().Be((2, 12, 512));
        long first = image.OffsetOf(new LayerIndex(0), new Slot(0));
        first.Should().Be(ImageFiles.DataAlignmentBytes);
        image.OffsetOf(new LayerIndex(1), new Slot(3)).Should().Be(first + ((12 + 3) * 512));
        image.PlacementOf(new LayerIndex(1)).SlotOf(new NeuronId(7)).Should().Be(new Slot(7));
        FlashImage.IsImage(_image.Folder).Should().BeTrue();
        FlashImage.IsImage(Path.GetTempPath()).Should().BeFalse();
    }

    [Theory]
    [MemberData(nameof(FileNames))]
    public void A_missing_file(string name)
    {
        File.Delete(_image.PathOf(name));
        ShouldNotOpen(name, $"{_image.Files[name].Length} bytes", "no such file");
    }

    [Theory]
    [MemberData(nameof(FileNames))]
    public void A_truncated_file(string name)
    {
        foreach (int length in (int[])[0, 1, _image.Files[name].Length / 2, _image.Files[name].Length - 1])
        {
            _image.Write(name, _image.Files[name][..length]);
            ShouldNotOpen(name, $"{_image.Files[name].Length} bytes", $"found {length} bytes");
        }
    }

    [Fact]
    public void No_image_at_all()
    {
        File.Delete(_image.PathOf(ImageManifest.FileName));
        ShouldNotOpen(ImageManifest.FileName, "a flash image's manifest", "no such file");
        Directory.Delete(_image.Folder, recursive: true);
        ShouldNotOpen(ImageManifest.FileName, "a flash image's manifest", "no such file");
        _ = Directory.CreateDirectory(_image.Folder);
    }

    [Theory]
    [InlineData("""{ "format": "neuralink-image", "format_version": 3 }""", "format version 6", "found 3; pack the model it was made")]
    [InlineData("""{ "format": "neuralink-image", "format_version": 7 }""", "format version 6", "found 7; it was written by a newer")]
    [InlineData("""{ "format": "neuralink-image", "format_version": 1e999 }""", "format version 6", "found 1e999")]
    [InlineData("""{ "format": "neuralink-image", "format_version": "4" }""", "format version 6", "found \"4\"")]
    [InlineData("""{ "format": "neuralink-image" }""", "format version 6", "found none")]
    [InlineData("""{ "format": "another", "format_version": 1 }""", "\"format\": \"neuralink-image\"", "this folder is no flash image")]
    [InlineData("""[]""", "\"format\": \"neuralink-image\"", "this folder is no flash image")]
    [InlineData("""null""", "\"format\": \"neuralink-image\"", "this folder is no flash image")]
    [InlineData("""{ "format": """, "a flash image's manifest", "")]
    [InlineData("", "a flash image's manifest", "")]
    public void Another_version_or_no_manifest(string json, string expected, string found)
    {
        File.WriteAllText(_image.PathOf(ImageManifest.FileName), json);
        ShouldNotOpen(ImageManifest.FileName, expected, found);
    }

    [Theory]
    [InlineData("layer_count", "0", "layer_count in 1..4096")]
    [InlineData("layer_count", "5000", "layer_count in 1..4096")]
    [InlineData("layer_count", "3", "ffn_count as layer_count")]
    [InlineData("layer_count", "1.5", "layer_count")]
    [InlineData("slot_count", "-1", "slot_count in 1..4194304")]
    [InlineData("slot_count", "13", "tensor layers.0.neurons of U8 [13, 512]")]
    [InlineData("weights", "\"f16\"", "weights")]
    [InlineData("weights", "null", "weights")]
    [InlineData("weights.resident", "\"f8\"", "matrices of f32, f16, bf16, q8_0, q4_0, q4_k or q6_k")]
    [InlineData("weights.resident", "null", "resident")]
    [InlineData("weights.rows", "\"q4_k\"", "bundles of f32, f16, bf16, q8_0 or q4_0")]
    [InlineData("weights.down", "\"\"", "bundles of f32")]
    [InlineData("weights.leaves_deciding", "1", "leaves_deciding")]
    [InlineData("weights.predictor", "\"q8_0\"", "a predictor of")]
    [InlineData("weights.exceptions", """{ "a": "q3_k" }""", "matrices of f32")]
    [InlineData("weights.exceptions", """{ "a": null }""", "matrices of f32")]
    [InlineData("weights.exceptions", "null", "exceptions")]
    [InlineData("predictor", "\"guess\"", "predictor exact")]
    [InlineData("bundle", "null", "bundle")]
    [InlineData("bundle.stride_bytes", "0", "multiple of 512")]
    [InlineData("bundle.stride_bytes", "500", "multiple of 512")]
    [InlineData("bundle.stride_bytes", "1024", "tensor layers.0.neurons of U8 [12, 1024]")]
    [InlineData("bundle.payload_bytes", "0", "payload")]
    [InlineData("bundle.payload_bytes", "510", "payload")]
    [InlineData("placement", "null", "placement")]
    [InlineData("placement.method", "null", "method")]
    [InlineData("placement.method", "\"\"", "a placement method")]
    [InlineData("placement.seed", "1.5", "seed")]
    [InlineData("placement.trace", """{ "sha256": "00", "token_count": 1, "texts": "" }""", "the SHA-256 of the placement's trace")]
    [InlineData("placement.trace", """{ "sha256": "DIGEST", "token_count": -1, "texts": "" }""", "a token_count of 0 or more")]
    [InlineData("placement.trace", """{ "sha256": "DIGEST", "token_count": 1, "texts": null }""", "texts")]
    [InlineData("placement.trace", """{ "sha256": "DIGEST", "token_count": 1 }""", "texts")]
    [InlineData("placement.read_cost", """{ "device": "d", "reads": [] }""", "statistics with their read_cost")]
    [InlineData("placement.statistics", Statistics, "statistics with their read_cost")]
    [InlineData(
        "placement",
        $$"""{ "method": "m", "seed": null, "trace": null, "statistics": {{Statistics}}, "read_cost": { "device": "d", "reads": [] } }""",
        "at least two sizes")]
    [InlineData(
        "placement",
        $$"""
        { "method": "m", "seed": null, "trace": null, "statistics": {{Statistics}}, "read_cost": { "device": "d", "reads": [null] } }
        """,
        "a read that is null")]
    [InlineData("placement", """{ "method": "m", "seed": null, "trace": null, "statistics": null }""", "read_cost")]
    [InlineData(
        "placement.statistics", """{ "reads_per_token": 1, "mean_read_bundles": 1, "bytes_read_per_byte_used": 1 }""", "millis_per_token")]
    [InlineData("placement", """
        {
          "method": "m", "seed": null, "trace": null,
          "statistics": { "reads_per_token": -1, "mean_read_bundles": 1, "bytes_read_per_byte_used": 1, "millis_per_token": 1 },
          "read_cost": { "device": "d", "reads": [] }
        }
        """, "placement statistics of 0 or more")]
    [InlineData("files", "{}", "resident.safetensors listed")]
    [InlineData("files", "null", "files")]
    public void A_field_out_of_its_range(string path, string value, string message)
    {
        JsonObject manifest = _image.Manifest;
        string[] names = path.Split('.');
        JsonObject parent = names[..^1].Aggregate(manifest, (node, name) => node[name]!.AsObject());
        parent.ContainsKey(names[^1]).Should().BeTrue();
        parent[names[^1]] = JsonNode.Parse(value.Replace("DIGEST", new string('0', 64)));
        _image.WriteManifest(manifest);
        ShouldNotOpen(".", message);
    }

    [Theory]
    [InlineData("../model.bin")]
    [InlineData("/etc/passwd")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("a\0b")]
    public void A_listed_file_outside_the_folder(string name)
    {
        JsonObject manifest = _image.Manifest;
        manifest["files"]![name] = manifest["files"]![ImageFiles.Resident]!.DeepClone();
        _image.WriteManifest(manifest);
        ShouldNotOpen(ImageManifest.FileName, "plain file names");
    }

    [Theory]
    [InlineData("null")]
    [InlineData("""{ "bytes": -1, "xxh128": "00000000000000000000000000000000" }""")]
    [InlineData("""{ "bytes": 5, "xxh128": "00" }""")]
    [InlineData("""{ "bytes": 5, "xxh128": null }""")]
    [InlineData("""{ "bytes": 5 }""")]
    public void A_listed_file_without_length_or_digest(string entry)
    {
        JsonObject manifest = _image.Manifest;
        manifest["files"]![ImageFiles.Predictor] = JsonNode.Parse(entry);
        _image.WriteManifest(manifest);
        ShouldNotOpen(ImageManifest.FileName);
    }

    [Fact]
    public void A_field_that_is_missing_unknown_or_there_twice()
    {
        foreach ((string name, JsonNode? _) in _image.Manifest)
        {
            JsonObject manifest = _image.Manifest;
            manifest.Remove(name);
            _image.WriteManifest(manifest);
            ShouldNotOpen(ImageManifest.FileName);
        }
        JsonObject extended = _image.Manifest;
        extended["more"] = 1;
        _image.WriteManifest(extended);
        ShouldNotOpen(ImageManifest.FileName, "more");
        string twice = _image.Manifest.ToJsonString().Replace("\"layer_count\":2", "\"layer_count\":1,\"layer_count\":2");
        File.WriteAllText(_image.PathOf(ImageManifest.FileName), twice);
        ShouldNotOpen(ImageManifest.FileName, "layer_count");
    }

    [Theory]
    [InlineData(0, 0, 1, "neuron 1 at slot 1")]           // repeated: slot 0 says 1
    [InlineData(0, 5, 12, "neuron 12 at slot 5")]
    [InlineData(1, 11, -1, "neuron -1 at slot 11")]
    public void A_placement_that_is_no_permutation(int layer, int slot, int neuron, string found)
    {
        byte[] bytes = [.. _image.Files[ImageFiles.Placement]];
        BitConverter.TryWriteBytes(bytes.AsSpan(bytes.Length - (2 * 48) + (layer * 48) + (slot * 4)), neuron).Should().BeTrue();
        _image.Write(ImageFiles.Placement, bytes);
        ShouldNotOpen(ImageFiles.Placement, $"layers.{layer}.neuron_of_slot a permutation of 0..11", found);
    }

    [Theory]
    [MemberData(nameof(FileNames))]
    public void A_digest_that_does_not_match(string name)
    {
        JsonObject manifest = _image.Manifest;
        string other = new('7', 32);
        string actual = manifest["files"]![name]!["xxh128"]!.GetValue<string>();
        manifest["files"]![name]!["xxh128"] = other;
        _image.WriteManifest(manifest);
        FlashImage image = FlashImage.Open(_image.Folder);
        NeuralinkException error = image.Invoking(i => ImageVerifier.VerifyFile(i, name)).Should().Throw<NeuralinkException>().Which;
        error.Message.Should().Contain(_image.PathOf(name)).And.Contain(other).And.Contain(actual);
        image.Invoking(i => ImageVerifier.Verify(i, null, CancellationToken.None)).Should().Throw<NeuralinkException>()
            .WithMessage($"*{name}*{other}*");
    }

    private void ShouldNotOpen(params string[] parts)
    {
        NeuralinkException error = _image.Invoking(i => FlashImage.Open(i.Folder)).Should().Throw<NeuralinkException>().Which;
        error.Message.Should().ContainAll(parts).And.Contain(_image.Folder).And.NotContain("\n");
    }
}
