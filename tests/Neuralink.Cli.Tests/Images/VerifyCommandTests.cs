using Neuralink.Placement;
using Neuralink.Storage.Image;

namespace Neuralink.Cli.Tests.Images;

[Collection(PackedModelFixture.Name)]
public sealed class VerifyCommandTests : IDisposable
{
    private readonly TestHome _home = new();
    private readonly string _image;

    public VerifyCommandTests(PackedModelFixture model) => _image = _home.CopyImage(model.Image);

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task A_whole_image_is_ok()
    {
        CliResult run = await _home.RunAsync("verify", _image);
        run.Code.Should().Be(0, "of {0}", run.Error);
        run.Out.Should().StartWith("OK: ").And.Contain("12288 bundles in 6 layers").And.Contain("5 files");
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(3, 17, 1535)]
    [InlineData(5, 2047, 2047)]
    public async Task The_first_damaged_bundle_is_named(int layer, int slot, int offset)
    {
        FlashImage image = FlashImage.Open(_image);
        Damage.Flip(image.NeuronsPath, image.OffsetOf(new LayerIndex(layer), new Slot(slot)) + offset);
        Damage.Flip(image.NeuronsPath, image.OffsetOf(new LayerIndex(5), new Slot(2047)) + 100);
        (await _home.RunAsync("verify", _image)).ShouldFail(1, $"layer {layer}, slot {slot} ", "CRC-32C");
    }

    [Theory]
    [InlineData(ImageFiles.Resident, 100_000)]
    [InlineData(ImageFiles.Predictor, 100_000)]
    [InlineData(ImageFiles.Tokenizer, 1000)]
    public async Task A_damaged_file_is_named(string file, long offset)
    {
        Damage.Flip(Path.Combine(_image, file), offset);
        (await _home.RunAsync("verify", _image)).ShouldFail(1, file, "XXH128");
    }
}
