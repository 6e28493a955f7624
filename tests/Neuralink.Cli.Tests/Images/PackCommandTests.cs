using Neuralink.Tests.Support;

namespace Neuralink.Cli.Tests.Images;

[Collection(PackedModelFixture.Name)]
public sealed class PackCommandTests(PackedModelFixture model) : IDisposable
{
    private readonly TestHome _home = new();

    private static string Source => BundledModel.Folder;

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData("f16", "2048 bytes each (f16)")]
    [InlineData("bf16", "2048 bytes each (bf16)")]
    [InlineData("f32", "3584 bytes each (f32)")]
    [InlineData("q8_0", "1024 bytes each (q8_0)")]
    [InlineData("q8_0 --bundles q4_0 --down q8_0", "1024 bytes each (q8_0 in memory, q4_0 on flash with down columns of q8_0)")]
    [InlineData("f16 --gates memory", "1536 bytes each (f16, without what decides)")]
    public async Task A_packed_model_is_summed_up_verified_and_run(string weights, string summary)
    {
        string image = _home.PathOf("image.nlk");
        CliResult pack = await _home.RunAsync(["pack", Source, image, "--weights", .. weights.Split(' ')]);
        pack.Code.Should().Be(0, "of {0}", pack.Error);
        pack.Out.Should().Contain("6 layers of 2048 neurons").And.Contain(summary);
        (await _home.RunAsync("verify", image)).Code.Should().Be(0);
        CliResult generate = await _home.RunAsync("generate", "-m", image, "-p", "Once upon a time", "-n", "4", "--temperature", "0");
        generate.Out.Should().Be("Once upon a time, in a house\n");
    }

    [Fact]
    public async Task An_existing_image_is_replaced_only_by_force()
    {
        string image = _home.CopyImage(model.Image);
        (await _home.RunAsync("pack", Source, image)).ShouldFail(1, image, "it exists");
        (await _home.RunAsync("pack", Source, image, "--weights", "bf16", "--force")).Code.Should().Be(0);
        (await _home.RunAsync("inspect", image)).Out.Should().Contain("bf16");
        Directory.GetDirectories(_home.Folder).Should().ContainSingle();
    }

    [Fact]
    public async Task Force_does_not_replace_a_folder_that_is_no_image()
    {
        string folder = Directory.CreateDirectory(_home.PathOf("letters")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "letter.txt"), "dear");
        (await _home.RunAsync("pack", Source, folder, "--force")).ShouldFail(
            1, folder, "expected a flash image to replace, found a folder of something else");
        File.Exists(Path.Combine(folder, "letter.txt")).Should().BeTrue();
    }

    [Fact]
    public async Task A_destination_that_cannot_be_written_is_named()
    {
        string file = _home.PathOf("file");
        await File.WriteAllTextAsync(file, "");
        (await _home.RunAsync("pack", Source, Path.Combine(file, "image.nlk"))).ShouldFail(1, "cannot write", "image.nlk");
    }

    [Fact]
    public async Task A_cancelled_pack_leaves_nothing()
    {
        using CancellationTokenSource stop = new();
        await stop.CancelAsync();
        CliResult run = await _home.RunAsync("", ["pack", Source, _home.PathOf("image.nlk")], cancellation: stop.Token);
        run.Code.Should().Be(130);
        run.Error.Should().Be("neuralink: cancelled\n");
        Directory.GetFileSystemEntries(_home.Folder).Should().BeEmpty();
    }
}
