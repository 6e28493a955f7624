using System.Text.Json;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Storage.Image;
using Neuralink.Tests.Support;

namespace Neuralink.Cli.Tests.Training;

[Collection(PackedModelFixture.Name)]
public sealed class TrainPredictorCommandTests(PackedModelFixture model) : IDisposable
{
    private static readonly string s_stories = Path.Combine(Repository.Root, "tests", "data", "tiny-stories", "stories.test.txt");

    private readonly TestHome _home = new();

    private string TracePath => _home.PathOf("a.trace");

    private string PredictorPath => _home.PathOf("p.safetensors");

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task A_trace_with_inputs_says_its_size_before_it_starts()
    {
        CliResult run = await _home.RunAsync("trace", model.Image, "-t", s_stories, "-o", TracePath, "-n", "100", "--inputs");
        run.Code.Should().Be(0, "of {0}", run.Error);
        run.Error.Should().StartWith("neuralink: the trace will take 450 KiB, 300 KiB of them layer inputs\n");
        run.Out.Should().Contain("6 layers of 2048 neurons with inputs of 256 values");
        (await _home.RunAsync("trace", "show", TracePath)).Code.Should().Be(0);
    }

    [Fact]
    public async Task A_predictor_is_trained_into_the_image_and_a_new_placement_carries_it_over()
    {
        string image = _home.CopyImage(model.Image);
        await TraceAsync(image, tokens: 600);
        CliResult run = await _home.RunAsync("train-predictor", image, "--trace", TracePath, "--rank", "16", "--epochs", "2");
        run.Code.Should().Be(0, "of {0}", run.Error);
        run.Out.Should().Contain("each layer from its own input").And.Contain("precision").And.Contain("mean")
            .And.Contain("multiply-adds a token");
        string path = Path.Combine(image, "low-rank.safetensors");
        byte[] bytes = await File.ReadAllBytesAsync(path);
        using (LowRankFile file = LowRankFile.Open(path))
        {
            file.Info.ModelDigest.Should().Be(FlashImage.Open(image).ModelDigest);
            file.Info.Layers.Should().HaveCount(6).And.OnlyContain(layer => layer!.Rank == 16);
        }
        (await _home.RunAsync("train-predictor", image, "--trace", TracePath, "--rank", "16")).ShouldFail(1, path, "it exists", "--force");
        CliResult place = await _home.RunAsync("place", image, "--method", "random");
        place.Code.Should().Be(0, "of {0}", place.Error);
        (await File.ReadAllBytesAsync(path)).Should().Equal(bytes);
        Directory.GetFiles(image, "*.tmp-*").Should().BeEmpty();
    }

    [Fact]
    public async Task Json_has_a_row_a_layer_and_a_depth_says_which_layers_it_leaves_out()
    {
        await TraceAsync(model.Image, tokens: 400);
        CliResult run = await _home.RunAsync(
            "train-predictor", model.Image, "--trace", TracePath, "-o", PredictorPath, "--rank", "8", "--epochs", "1", "--depth", "1",
            "--recall", "0.9", "--share", "1.5", "--json");
        run.Code.Should().Be(0, "of {0}", run.Error);
        run.Error.Should().Contain("layer 0 has no layer before it, and no predictor at this depth").And.Contain(
            "layer 1: the rank reaches a recall of 90% within 1.5 times the neurons that fire; the best is rank 8, which predicts");
        using JsonDocument document = JsonDocument.Parse(run.Out);
        JsonElement root = document.RootElement;
        root.EnumerateObject().Select(p => p.Name).Should().Equal(
            "predictor", "model", "model_digest", "trained_on", "depth", "wanted_recall", "wanted_share_factor", "seconds", "multiply_adds",
            "of_dense_token", "of_sparse_token", "mean", "layers");
        root.GetProperty("multiply_adds").GetInt64().Should().Be(5 * 8 * (256 + 2048));
        JsonElement[] layers = [.. root.GetProperty("layers").EnumerateArray()];
        layers.Select(layer => layer.GetProperty("layer").GetInt32()).Should().Equal(1, 2, 3, 4, 5);
        layers[0].EnumerateObject().Select(p => p.Name).Should().Equal(
            "layer", "rank", "threshold", "recall", "precision", "predicted_share", "true_share", "loss", "multiply_adds", "of_dense_layer",
            "enough", "curve");
        foreach (JsonElement layer in layers)
            layer.GetProperty("recall").GetDouble().Should().BeInRange(0.8, 1);
    }

    [Fact]
    public async Task The_models_own_matrices_are_decomposed_into_a_predictor_that_generates()
    {
        string image = _home.CopyImage(model.Image);
        await TraceAsync(image, tokens: 800);
        CliResult run = await _home.RunAsync(
            "train-predictor", image, "--trace", TracePath, "--method", "svd", "--rank", "96", "--json");
        run.Code.Should().Be(0, "of {0}", run.Error);
        string path = Path.Combine(image, "svd.safetensors");
        using (LowRankFile file = LowRankFile.Open(path))
        {
            file.Info.IsLinear.Should().BeTrue();
            file.Info.Layers.Should().HaveCount(6).And.OnlyContain(layer => layer!.Rank == 96 && layer.HasBias);
        }
        using JsonDocument document = JsonDocument.Parse(run.Out);
        foreach (JsonElement layer in document.RootElement.GetProperty("layers").EnumerateArray())
        {
            layer.GetProperty("recall").GetDouble().Should().BeGreaterThan(0.8);
            layer.GetProperty("predicted_share").GetDouble().Should().BeLessThan(0.5, "of neurons few of which fire");
        }
        CliResult text = await _home.RunAsync(
            "generate", "-m", image, "-p", "Once upon a time", "-n", "8", "--predictor", "svd", "--temperature", "0", "--json", "--io",
            "buffered");
        text.Code.Should().Be(0, "of {0}", text.Error);
        (await _home.RunAsync("generate", "-m", image, "-p", "Once", "-n", "1", "--predictor", $"low-rank={path}")).ShouldFail(
            1, "a predictor of kind low-rank", "one of kind svd", $"name it as svd={path}");
        (await _home.RunAsync("generate", "-m", model.Image, "-p", "Once", "-n", "1", "--predictor", "svd")).ShouldFail(
            1, "svd.safetensors", "no such file", "train-predictor --method svd");
    }

    [Fact]
    public async Task What_cannot_be_trained_on_is_named()
    {
        (await _home.RunAsync("trace", model.Image, "-t", s_stories, "-o", TracePath, "-n", "20")).Code.Should().Be(0);
        await ShouldFail([], TracePath, "an activation trace with layer inputs, found one without", "neuralink trace --inputs");
        await TraceAsync(model.Image, tokens: 20);
        await ShouldFail(["--depth", "6"], "a depth of at most 5", "found 6");
        (await _home.RunAsync("train-predictor", model.Image, "--trace", TracePath, "-o", _home.PathOf("none/p"))).ShouldFail(
            1, "the folder", "no such folder");
        await ShouldFail(["--method", "svd", "--depth", "1"], "a depth of 0", "found 1", "--method low-rank");
        await ShouldFail(["--rank", "257"], "a rank of at most 256", "found 257");
        using (RandomModel other = new(RandomModels.LlamaRelu))
        using (PackedModel packed = new(other.Folder))
        {
            (await _home.RunAsync("train-predictor", packed.Folder, "--trace", TracePath)).ShouldFail(
                1, "expected 3 layers, found 6", "trace this very model");
        }
        await TraceAsync(model.Image, tokens: 10);
        await ShouldFail([], "at least 16 tokens", "found 10");
        File.Exists(PredictorPath).Should().BeFalse();

        async Task ShouldFail(string[] options, params string[] parts)
        {
            CliResult run = await _home.RunAsync(["train-predictor", model.Image, "--trace", TracePath, "-o", PredictorPath, .. options]);
            run.ShouldFail(1, parts);
        }
    }

    [Fact]
    public async Task Stopped_it_writes_nothing()
    {
        await TraceAsync(model.Image, tokens: 20);
        using CancellationTokenSource stop = new();
        await stop.CancelAsync();
        CliResult run = await _home.RunAsync(
            "", ["train-predictor", model.Image, "--trace", TracePath, "-o", PredictorPath], cancellation: stop.Token);
        run.Code.Should().Be(130);
        run.Error.Should().EndWith("neuralink: stopped; no predictor is written\n");
        File.Exists(PredictorPath).Should().BeFalse();
    }

    [Theory]
    [InlineData("neuralink train-predictor --help", "train-predictor")]
    [InlineData("a share above 0 and below 1, found '1'", "train-predictor", "--trace", "a", "--recall", "1")]
    [InlineData("a number above 1, found '1'", "train-predictor", "--trace", "a", "--share", "1")]
    [InlineData("an integer of 0 or more, found '-1'", "train-predictor", "--trace", "a", "--depth", "-1")]
    [InlineData("an integer of 1 to 65536, found '0'", "train-predictor", "--trace", "a", "--rank", "0")]
    [InlineData("an integer of 1 or more, found '0'", "train-predictor", "--trace", "a", "--epochs", "0")]
    [InlineData("an integer of 0 or more, found 'x'", "train-predictor", "--trace", "a", "--seed", "x")]
    public async Task A_wrong_command_line_is_one_line(string part, params string[] args) =>
        (await _home.RunAsync(args)).ShouldFail(2, part);

    [Fact]
    public async Task Help_lists_the_options_and_gives_examples()
    {
        CliResult run = await _home.RunAsync("train-predictor", "--help");
        run.Code.Should().Be(0);
        run.Out.Should().Contain("--recall").And.Contain("Examples:")
            .And.Contain("neuralink train-predictor tiny-stories.nlk --trace inputs.trace");
    }

    private async Task TraceAsync(string image, int tokens)
    {
        CliResult run = await _home.RunAsync("trace", image, "-t", s_stories, "-o", TracePath, "-n", $"{tokens}", "--inputs", "--force");
        run.Code.Should().Be(0, "of {0}", run.Error);
    }
}
