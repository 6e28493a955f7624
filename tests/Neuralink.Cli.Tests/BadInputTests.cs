using Neuralink.Placement;
using Neuralink.Storage.Image;

namespace Neuralink.Cli.Tests;

/// <summary>Whatever is wrong with a model or an image: one clear line, what was expected and found, and a non-zero exit.</summary>
[Collection(PackedModelFixture.Name)]
public sealed class BadInputTests(PackedModelFixture model) : IDisposable
{
    private readonly TestHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task A_model_folder_that_is_missing() =>
        (await Generate(_home.PathOf("none"))).ShouldFail(
            1, "none", "expected a flash image (neuralink.json), a Hugging Face folder (config.json) or a GGUF file, found no such folder");

    [Fact]
    public async Task A_model_folder_of_something_else() => (await Generate(_home.Folder)).ShouldFail(1, "found a folder with neither");

    [Theory]
    [InlineData("config.json")]
    [InlineData("model.safetensors")]
    [InlineData("tokenizer.json")]
    public async Task A_model_file_that_is_missing(string file)
    {
        string folder = _home.CopyModel();
        File.Delete(Path.Combine(folder, file));
        (await Generate(folder)).ShouldFail(1, file, "expected");
        (await _home.RunAsync("pack", folder, _home.PathOf("image.nlk"))).ShouldFail(1, file, "expected");
        Directory.GetDirectories(_home.Folder).Should().ContainSingle("nothing half-written stays");
    }

    [Theory]
    [InlineData(4)]
    [InlineData(1000)]
    [InlineData(20_000_000)]
    public async Task A_truncated_safetensors_file(int length)
    {
        string folder = _home.CopyModel();
        using (FileStream file = File.OpenWrite(Path.Combine(folder, "model.safetensors")))
            file.SetLength(length);
        (await Generate(folder)).ShouldFail(1, "model.safetensors", "expected", "found");
        _home.Cached.Should().BeEmpty();
    }

    [Theory]
    [InlineData("\"llama\"", "\"gpt_neox\"", "gpt_neox", "llama, mistral")]
    [InlineData("\"relu\"", "\"mish\"", "mish", "relu, fatrelu")]
    [InlineData("\"relu\"", "\"sigmoid\"", "sigmoid", "relu, fatrelu")]
    [InlineData("\"hidden_size\": 256", "\"hidden_size\": 512", "shape", "512")]
    [InlineData("\"vocab_size\": 1600", "\"vocab_size\": -1", "vocab_size", "-1")]
    [InlineData("\"vocab_size\": 1600,", "\"vocab_size\": 1600", "bad JSON", "config.json")]
    public async Task A_configuration_that_cannot_be_run(string what, string by, string found, string expected)
    {
        string folder = _home.CopyModel();
        Damage.Replace(Path.Combine(folder, "config.json"), what, by);
        (await Generate(folder)).ShouldFail(1, found, expected);
        (await _home.RunAsync("pack", folder, _home.PathOf("image.nlk"))).ShouldFail(1, found, expected);
        _home.Cached.Should().BeEmpty();
    }

    [Fact]
    public async Task A_prompt_longer_than_the_context()
    {
        CliResult run = await _home.RunAsync(string.Concat(Enumerable.Repeat(" the", 600)), ["generate", "-m", model.Image, "-p", "-"]);
        run.ShouldFail(1, "context of 512 tokens", "600 + 128");
        run.Out.Should().BeEmpty();
    }

    [Fact]
    public async Task More_tokens_than_the_context_has_room_for() =>
        (await Generate(model.Image, "-n", "512")).ShouldFail(1, "context of 512 tokens", "4 + 512");

    [Fact]
    public async Task A_budget_that_is_too_small()
    {
        (await Generate(model.Image, "--memory", "4MiB", "-n", "4")).ShouldFail(
            1, "expected at least", "resident weights", "KV cache", "activations", "staging", "neuron cache", "found 4 MiB",
            "give --memory 10MiB or more");
        (await Generate(model.Image, "--memory", "10MiB", "-n", "4")).Code.Should().Be(0);
    }

    [Fact]
    public async Task An_image_of_another_version()
    {
        string image = _home.CopyImage(model.Image);
        Damage.Replace(Damage.Manifest(image), $"\"format_version\": {ImageManifest.CurrentVersion}", "\"format_version\": 99");
        foreach (CliResult run in await OnEveryCommand(image))
            run.ShouldFail(1, $"expected format version {ImageManifest.CurrentVersion}, found 99");
    }

    [Fact]
    public async Task A_placement_that_is_no_permutation()
    {
        string image = _home.CopyImage(model.Image), placement = Path.Combine(image, ImageFiles.Placement);
        byte[] bytes = await File.ReadAllBytesAsync(placement);
        bytes[^8..^4].CopyTo(bytes, bytes.Length - 4);
        await File.WriteAllBytesAsync(placement, bytes);
        foreach (CliResult run in await OnEveryCommand(image))
            run.ShouldFail(1, "a permutation of 0..2047", "neuron 2046 at slot 2047");
    }

    [Theory]
    [InlineData("serial")]
    [InlineData("prefetch+cluster")]
    public async Task A_flipped_byte_in_a_bundle_that_is_read(string strategy)
    {
        string image = _home.CopyImage(model.Image);
        FlashImage opened = FlashImage.Open(image);
        for (int slot = 0; slot < opened.SlotCount; slot++)
            Damage.Flip(opened.NeuronsPath, opened.OffsetOf(new LayerIndex(2), new Slot(slot)) + 700);
        CliResult run = await Generate(image, "--strategy", strategy, "--cache", "0");
        run.ShouldFail(1, "layer 2, slot ", "CRC-32C");
    }

    private Task<CliResult> Generate(string folder, params string[] args) =>
        _home.RunAsync(["generate", "--model", folder, "-p", "Once upon a time", .. args]);

    private async Task<CliResult[]> OnEveryCommand(string image) =>
        [await Generate(image), await _home.RunAsync("inspect", image), await _home.RunAsync("verify", image)];
}
