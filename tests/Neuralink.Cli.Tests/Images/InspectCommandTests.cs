using System.Text.Json;

namespace Neuralink.Cli.Tests.Images;

[Collection(PackedModelFixture.Name)]
public sealed class InspectCommandTests(PackedModelFixture model) : IDisposable
{
    private readonly TestHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task Tables_show_the_model_a_row_a_layer_and_the_files()
    {
        CliResult run = await _home.RunAsync("inspect", model.Image);
        run.Code.Should().Be(0, "of {0}", run.Error);
        foreach (string part in (string[])[
            "ReLU", "llama", "f16", "512 tokens", "identity", "neurons.safetensors", "2048 B", "12288", "24 MiB"])
        {
            run.Out.Should().Contain(part);
        }
        run.Out.Should().NotContain("\u001b");
        run.Out.Split('\n').Count(line => line.StartsWith('│') && line.Contains("identity", StringComparison.Ordinal)).Should().Be(6);
        run.Out.Should().MatchRegex("(?m)^placement +identity *$");
    }

    [Fact]
    public async Task Json_has_the_same()
    {
        CliResult run = await _home.RunAsync("inspect", model.Image, "--json");
        using JsonDocument document = JsonDocument.Parse(run.Out);
        JsonElement root = document.RootElement;
        root.GetProperty("activation").GetString().Should().Be("ReLU");
        root.GetProperty("bytes_on_flash").GetInt64().Should().Be(6L * 2048 * 2048);
        root.GetProperty("layers").GetArrayLength().Should().Be(6);
        root.GetProperty("layers")[5].GetProperty("stride").GetInt32().Should().Be(2048);
        root.GetProperty("files").GetArrayLength().Should().Be(5);
        root.GetProperty("placement").GetProperty("method").GetString().Should().Be("identity");
        foreach (string none in (string[])["seed", "trace", "statistics", "read_cost"])
            root.GetProperty("placement").GetProperty(none).ValueKind.Should().Be(JsonValueKind.Null);
        root.GetProperty("bytes_resident").GetInt64().Should().BeGreaterThan(root.GetProperty("bytes_predictor").GetInt64());
    }

    [Fact]
    public async Task A_folder_that_is_no_image_is_refused() =>
        (await _home.RunAsync("inspect", _home.Folder)).ShouldFail(1, "neuralink.json", "found no such file");
}
