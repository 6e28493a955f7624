using System.Text.Json.Nodes;
using Neuralink.Storage;
using Neuralink.Storage.Image;
using Neuralink.Tests.Support;

namespace Neuralink.Engine.Tests.Pipeline;

/// <summary>An engine does not open what is not as it was packed, and a bundle that is damaged ends the generation that needs it.</summary>
public sealed class DamagedImageTests : IDisposable
{
    private readonly RandomModel _model = new(RandomModels.LlamaRelu);
    private readonly PackedModel _image;

    public DamagedImageTests() => _image = new PackedModel(_model.Folder);

    public void Dispose()
    {
        _image.Dispose();
        _model.Dispose();
    }

    [Theory]
    [InlineData(ImageFiles.Resident)]
    [InlineData(ImageFiles.Predictor)]
    [InlineData(ImageFiles.Tokenizer)]
    public async Task A_flipped_bit_in_what_is_loaded_at_the_start_is_found_by_the_digest(string name)
    {
        Flip(name, new FileInfo(PathOf(name)).Length - 1);
        await ShouldNotOpenAsync(PathOf(name), "XXH128");
    }

    [Fact]
    public async Task Two_neurons_exchanged_in_a_placement_are_found_by_the_digest()
    {
        byte[] bytes = File.ReadAllBytes(PathOf(ImageFiles.Placement));
        (bytes[^1], bytes[^2], bytes[^3], bytes[^4], bytes[^5], bytes[^6], bytes[^7], bytes[^8]) =
            (bytes[^5], bytes[^6], bytes[^7], bytes[^8], bytes[^1], bytes[^2], bytes[^3], bytes[^4]);
        File.WriteAllBytes(PathOf(ImageFiles.Placement), bytes);
        await ShouldNotOpenAsync(PathOf(ImageFiles.Placement), "XXH128");
    }

    [Theory]
    [InlineData("bundle.gated", "false", "Gated = False")]
    [InlineData("bundle.biased", "true", "Biased = True")]
    [InlineData("bundle.payload_bytes", "860", "PayloadBytes = 860")]
    [InlineData("weights.down", "\"f16\"", "StrideBytes")]
    [InlineData("model.gated", "false", "Gated = True")]
    [InlineData("model.hidden_size", "73", "as the model's shape gives")]
    [InlineData("model.ffn_size", "119", "3 layers of 119 neurons")]
    [InlineData("model.activation", "\"Sine\"", "model's configuration")]
    public async Task A_manifest_that_contradicts_itself(string path, string value, string message)
    {
        string file = PathOf(ImageManifest.FileName);
        JsonObject manifest = JsonNode.Parse(await File.ReadAllTextAsync(file))!.AsObject();
        string[] names = path.Split('.');
        JsonObject parent = names[..^1].Aggregate(manifest, (node, name) => node[name]!.AsObject());
        parent[names[^1]] = JsonNode.Parse(value);
        await File.WriteAllTextAsync(file, manifest.ToJsonString());
        await ShouldNotOpenAsync(_image.Folder, message);
    }

    [Fact]
    public async Task A_damaged_bundle_fails_the_generation_by_layer_and_slot_and_the_engine_lives_on()
    {
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(
            _image.Folder, new EngineOptions { QueueDepth = 2, Io = Storage.Devices.FlashAccess.Buffered, Cache = CacheSize.OfShare(0) });
        int[] prompt = [.. Enumerable.Range(0, 20)];
        IReadOnlyList<int> expected = (await engine.RunAsync(prompt, 4)).Tokens;
        FlashImage image = engine.Image;
        for (int slot = 0; slot < image.SlotCount; slot++)
            Flip(ImageFiles.Neurons, image.OffsetOf(new(1), new(slot)) + 7);
        (await engine.Invoking(e => e.RunAsync(prompt, 4)).Should().ThrowAsync<NeuralinkException>())
            .Which.Message.Should().MatchRegex("neurons.safetensors: expected layer 1, slot [0-9]+ with a matching CRC-32C");
        engine.LeaseCount.Should().Be(0);
        for (int slot = 0; slot < image.SlotCount; slot++)
            Flip(ImageFiles.Neurons, image.OffsetOf(new(1), new(slot)) + 7);
        (await engine.RunAsync(prompt, 4)).Tokens.Should().Equal(expected);
    }

    [Theory]
    [InlineData(97, "at most 96 tokens")]
    [InlineData(0, "at least 1 token")]
    public async Task A_context_the_model_was_not_made_for(int context, string message) =>
        (await FluentActions.Awaiting(() => NeuralinkEngine.OpenAsync(_image.Folder, new EngineOptions { ContextTokens = context }))
            .Should().ThrowAsync<NeuralinkException>()).WithMessage($"*{message}*{context}*");

    private async Task ShouldNotOpenAsync(params string[] parts)
    {
        NeuralinkException error =
            (await FluentActions.Awaiting(() => NeuralinkEngine.OpenAsync(_image.Folder, new EngineOptions { QueueDepth = 2 }))
            .Should().ThrowAsync<NeuralinkException>()).Which;
        error.Message.Should().ContainAll(parts).And.NotContain("\n");
    }

    private void Flip(string name, long offset)
    {
        using FileStream file = new(PathOf(name), FileMode.Open);
        file.Position = offset;
        int value = file.ReadByte();
        file.Position = offset;
        file.WriteByte((byte)(value ^ 1));
    }

    private string PathOf(string name) => Path.Combine(_image.Folder, name);
}
