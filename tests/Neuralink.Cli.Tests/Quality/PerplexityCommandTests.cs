using System.Text.Json;
using Neuralink.Models.Inference.Predictors;
using Neuralink.Storage.Image;
using Neuralink.Tests.Support;

namespace Neuralink.Cli.Tests.Quality;

[Collection(PackedModelFixture.Name)]
public sealed class PerplexityCommandTests(PackedModelFixture model) : IDisposable
{
    private static readonly string s_stories = Path.Combine(Repository.Root, "tests", "data", "tiny-stories", "stories.test.txt");
    private static readonly string s_recipes = Path.Combine(Repository.Root, "tests", "data", "tiny-stories", "recipes.test.txt");

    private readonly TestHome _home = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task The_dense_model_alone_is_a_table_or_json()
    {
        CliResult run = await _home.RunAsync(
            "perplexity", model.Image, "--text", s_stories, s_recipes, "--tokens", "150", "--window", "100", "--stride", "40", "--memory",
            "64MiB");
        run.Code.Should().Be(0, "of {0}", run.Error);
        run.Out.Should().MatchRegex(@"^perplexity +[0-9.]+, dense; [0-9.]+% of the neurons fired").And.NotContain("agreement")
            .And.Contain("298 tokens of stories.test.txt, recipes.test.txt, in 6 windows of up to 100 tokens, 40 apart");

        CliResult json = await _home.RunAsync(
            "perplexity", model.Image, "-t", s_stories, s_recipes, "-n", "150", "--window", "100", "--stride", "40", "--json", "--threads",
            "1");
        using JsonDocument document = JsonDocument.Parse(json.Out);
        JsonElement root = document.RootElement;
        root.EnumerateObject().Select(p => p.Name).Should().Equal(
            "model", "model_digest", "texts", "tokens", "windows", "window_tokens", "stride_tokens", "perplexity", "firing_share",
            "predicted", "memory_bytes", "seconds");
        root.GetProperty("predicted").ValueKind.Should().Be(JsonValueKind.Null);
        root.GetProperty("tokens").GetInt32().Should().Be(298);
        root.GetProperty("perplexity").GetDouble().Should().BeInRange(1.2, 6);
        run.Out.Should().Contain($"{root.GetProperty("perplexity").GetDouble():0.0000}, dense");
    }

    [Fact]
    public async Task Saved_figures_are_what_generate_says_at_the_start()
    {
        string image = _home.CopyImage(model.Image);
        string[] generate = ["generate", "-m", image, "-p", "Once", "-n", "2", "--temperature", "0", "--predictor"];
        CliResult before = await _home.RunAsync([.. generate, "sketch"]);
        before.Code.Should().Be(0, "of {0}", before.Error);
        before.Error.Should().Contain(
            $"neuralink: what the predictor sketch=4 costs is not known; measure it with 'neuralink perplexity {image} --predictor "
            + "sketch=4 --text FILE --save'\n");

        CliResult run = await _home.RunAsync(
            "perplexity", image, "-t", s_stories, "-n", "90", "--window", "64", "--predictor", "sketch", "--save", "--json", "--memory",
            "100MiB");
        run.Code.Should().Be(0, "of {0}", run.Error);
        run.Error.Should().EndWith($"neuralink: stored in {Path.Combine(image, QualityFile.FileName)}\n");
        using JsonDocument document = JsonDocument.Parse(run.Out);
        JsonElement root = document.RootElement, predicted = root.GetProperty("predicted");
        predicted.EnumerateObject().Select(p => p.Name).Should().Equal(
            "predictor", "perplexity", "perplexity_ratio", "agreement_share", "kl_divergence_nats", "predicted_share");
        predicted.GetProperty("predictor").GetString().Should().Be("sketch=4");
        predicted.GetProperty("agreement_share").GetDouble().Should().BeInRange(0.9, 1);
        predicted.GetProperty("predicted_share").GetDouble().Should().BeGreaterThan(root.GetProperty("firing_share").GetDouble());
        PredictorQuality stored = QualityFile.Read(FlashImage.Open(image))
            .Find(PredictorIdentity.Sketch(4, SketchPredictor.DefaultMargin(4)))!;
        stored.Perplexity.Should().Be(predicted.GetProperty("perplexity").GetDouble());
        (stored.TokenCount, stored.WindowTokens, stored.StrideTokens, stored.Texts).Should().Be((89, 64, 32, "stories.test.txt"));

        CliResult after = await _home.RunAsync([.. generate, "sketch"]);
        after.Error.Should().MatchRegex(
            @"neuralink: predictor sketch=4: perplexity [0-9.]+ against [0-9.]+ dense \([+-]?[0-9.]+%\), "
            + @"[0-9.]+% of tokens agree, on 89 tokens of stories.test.txt\n");
        (await _home.RunAsync([.. generate, "sketch=2"])).Error.Should().Contain("what the predictor sketch=2 costs is not known");
        (await _home.RunAsync([.. generate, "exact"])).Error.Should().NotContain("predictor exact").And.NotContain("perplexity");
    }

    [Fact]
    public async Task Damaged_figures_do_not_keep_generate_from_running_but_are_not_added_to()
    {
        string image = _home.CopyImage(model.Image);
        await File.WriteAllTextAsync(Path.Combine(image, QualityFile.FileName), "{}");
        CliResult run = await _home.RunAsync(
            "generate", "-m", image, "-p", "Once", "-n", "2", "--temperature", "0", "--predictor", "sketch");
        run.Code.Should().Be(0, "of {0}", run.Error);
        run.Error.Should().Contain("what the predictor sketch=4 costs is not known (").And.Contain(QualityFile.FileName);
        (await _home.RunAsync("perplexity", image, "-t", s_stories, "-n", "50", "--predictor", "sketch", "--save")).ShouldFail(
            1, QualityFile.FileName, "neuralink-quality");
    }

    [Fact]
    public async Task Exact_prediction_is_said_to_be_the_dense_model()
    {
        CliResult run = await _home.RunAsync("perplexity", model.Image, "-t", s_stories, "-n", "40", "--predictor", "exact");
        run.Code.Should().Be(0, "of {0}", run.Error);
        run.Error.Should().Contain("bit for bit");
        run.Out.Should().Contain("1.00000 times as much").And.Contain("100.00% of the tokens").And.Contain(" 0 nats a token");
    }

    [Theory]
    [InlineData("no-such-file.txt", null, null, "read no-such-file.txt", "no such file")]
    [InlineData(null, "--tokens", "1", "at least 2 tokens", "found 1", "give a larger --tokens")]
    [InlineData(null, "--window", "513", "windows of 2 to 512 tokens", "513")]
    [InlineData(null, "--stride", "512", "a stride of 1 to 511 tokens", "512")]
    [InlineData(null, "--predictor", "low-rank", "low-rank.safetensors", "no such file", "train-predictor")]
    [InlineData(null, "--memory", "1MiB", "fit the model into its memory", "--memory")]
    public async Task What_cannot_be_measured_is_one_line(string? text, string? option, string? value, params string[] parts)
    {
        string[] more = option is null ? [] : [option, value!];
        (await _home.RunAsync(["perplexity", model.Image, "-t", text ?? s_stories, .. more])).ShouldFail(1, parts);
    }

    [Fact]
    public async Task A_text_that_is_too_short_is_named()
    {
        string path = _home.PathOf("empty.txt");
        await File.WriteAllTextAsync(path, "");
        (await _home.RunAsync("perplexity", model.Image, "-t", s_stories, path)).ShouldFail(
            1, $"score {path}", "at least 2 tokens", "give a longer text");
    }

    [Theory]
    [InlineData(
        "--predictor", "oracle=a.trace",
        "expected exact, low-rank, low-rank=FILE, svd, svd=FILE, sketch or sketch=BITS, found 'oracle=a.trace'")]
    [InlineData("--predictor", "sketch=5", "a sketch of 2 to 4 bits")]
    [InlineData("--window", "1", "expected an integer of 2 or more, found '1'")]
    [InlineData("--stride", "0", "expected an integer of 1 or more, found '0'")]
    [InlineData("--threads", "0", "expected 1 to 256 threads, found 0")]
    [InlineData("--memory", "0", "expected memory above 0 bytes, found 0")]
    [InlineData("--save", null, "--save: expected --predictor with low-rank or sketch")]
    [InlineData("--weights", "f32", "--weights: expected an unpacked model")]
    public async Task A_wrong_option_is_one_line(string option, string? value, string part)
    {
        string[] more = value is null ? [option] : [option, value];
        (await _home.RunAsync(["perplexity", model.Image, "-t", s_stories, .. more])).ShouldFail(
            2, part, "see 'neuralink perplexity --help'");
    }

    [Fact]
    public async Task Stopped_it_says_how_far_it_had_come_and_stores_nothing()
    {
        string image = _home.CopyImage(model.Image);
        using CancellationTokenSource stop = new();
        using StopAtNote error = new("scoring:", stop);
        _home.Change = s => s with { Error = error, Time = new HurryingTime() };
        CliResult run = await _home.RunAsync(
            "", ["perplexity", image, "-t", s_stories, "-n", "80", "--window", "32", "--predictor", "sketch", "--save"],
            cancellation: stop.Token);
        run.Code.Should().Be(130, "of {0}", error);
        error.ToString().Should().MatchRegex("neuralink: stopped with [0-9]+% of the windows scored; nothing is stored\n$");
        File.Exists(Path.Combine(image, QualityFile.FileName)).Should().BeFalse();
    }
}
