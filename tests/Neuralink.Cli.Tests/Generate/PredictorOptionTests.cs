using System.Text.Json;
using Neuralink.Models.Configuration;
using Neuralink.Storage.Image;
using Neuralink.Tests.Support;

namespace Neuralink.Cli.Tests.Generate;

/// <summary>
/// --predictor, --lookahead and the strategies' other options: what works gives the same text, what does not is
/// one clear line before any text.
/// </summary>
[Collection(PackedModelFixture.Name)]
public sealed class PredictorOptionTests(PackedModelFixture model) : IDisposable
{
    private readonly TestHome _home = new();
    private readonly FlashImage _image = FlashImage.Open(model.Image);

    private ModelConfig Config => ModelConfigJson.Read(_image);

    private string PredictorPath => _home.PathOf("p.safetensors");

    private string TracePath => _home.PathOf("a.trace");

    public void Dispose() => _home.Dispose();

    public static TheoryData<string> Options => ["--predictor", "--lookahead"];

    [Theory]
    [InlineData("--lookahead", "sketch", "--ahead", "3")]
    [InlineData("--lookahead", "sketch=2", "--cache-policy", "lru", "--gap", "0")]
    [InlineData("--lookahead", "exact", "--predictor", "exact", "--cache-policy", "none", "--strategy", "prefetch+cluster")]
    [InlineData("--strategy", "llmflash", "--gap", "16KiB")]
    [InlineData("--strategy", "cluster", "--cache-policy", "window", "--gap", "1MiB")]
    public async Task No_way_of_reading_ahead_caching_or_collapsing_changes_the_text(params string[] options)
    {
        CliResult plain = await Generate(), other = await Generate(options);
        other.Code.Should().Be(0, "of {0}", other.Error);
        other.Out.Should().Be(plain.Out).And.NotBeEmpty();
        other.Error.Should().NotContain("what the predictor", "an exact one costs nothing");
    }

    [Fact]
    public async Task A_low_rank_lookahead_of_chance_changes_no_text_and_as_predictor_its_cost_is_said_to_be_unknown()
    {
        RandomPredictor.Write(PredictorPath, _image.ModelDigest, Config, depth: 1);
        (await Generate("--lookahead", $"low-rank={PredictorPath}")).Out.Should().Be((await Generate()).Out);
        File.Delete(PredictorPath);
        RandomPredictor.WritePublished(PredictorPath, Config);
        CliResult run = await Generate("--predictor", $"low-rank={PredictorPath}");
        run.Code.Should().Be(0, "of {0}", run.Error);
        run.Error.Should().Contain("what the predictor low-rank").And.Contain("costs is not known; measure it with 'neuralink perplexity");
    }

    [Theory]
    [MemberData(nameof(Options))]
    public async Task A_low_rank_predictor_that_is_not_this_models(string option)
    {
        string use = $"low-rank={PredictorPath}";
        (await Generate(option, use)).ShouldFail(1, PredictorPath);
        (await Generate(option, "low-rank")).ShouldFail(1, "a predictor of kind low-rank, found no such file", "neuralink train-predictor");
        await Refused(_image.ModelDigest, Config with { HiddenSize = 128 }, "inputs of 256 values, found 128");
        await Refused(_image.ModelDigest, Config with { FfnSize = 2047 }, "2048 neurons a layer, found 2047");
        await Refused(_image.ModelDigest, Config with { LayerCount = 5 }, "6 layers, found 5");
        await Refused(new string('0', 64), Config, "model digest ", "found 0000");

        async Task Refused(string digest, ModelConfig config, params string[] parts)
        {
            File.Delete(PredictorPath);
            RandomPredictor.Write(PredictorPath, digest, config);
            CliResult run = await Generate(option, use);
            run.ShouldFail(1, [PredictorPath, .. parts, "train one for this very model with 'neuralink train-predictor'"]);
            run.Out.Should().BeEmpty();
        }
    }

    [Fact]
    public async Task A_low_rank_predictor_of_another_depth()
    {
        RandomPredictor.Write(PredictorPath, _image.ModelDigest, Config, depth: 2);
        string use = $"low-rank={PredictorPath}";
        (await Generate("--predictor", use)).ShouldFail(
            1, "a predictor of a layer's own neurons, found one of the neurons 2 layers ahead", "--depth 0");
        (await Generate("--lookahead", use)).ShouldFail(
            1, "a predictor of the neurons 1 layers ahead, found one of the neurons 2 layers ahead", "--depth 1");
        (await Generate("--lookahead", use, "--ahead", "2")).Code.Should().Be(0);
    }

    [Theory]
    [MemberData(nameof(Options))]
    public async Task A_published_folder_without_predictor_weights(string option)
    {
        (await Generate(option, $"low-rank={BundledModel.Folder}")).ShouldFail(
            1, "predictor weights, as model.layers.0.mlp.predictor.fc1.weight", "found none among", "train-predictor");
        (await Generate(option, $"low-rank={Path.Combine(BundledModel.Folder, "model.safetensors")}")).ShouldFail(
            1, "predictor weights", "found none among");
        (await Generate(option, $"low-rank={_home.Folder}")).ShouldFail(1, "model.safetensors");
        await File.WriteAllTextAsync(PredictorPath, "these are no weights");
        (await Generate(option, $"low-rank={PredictorPath}")).ShouldFail(1, PredictorPath);
        File.Delete(PredictorPath);
        RandomPredictor.WritePublished(PredictorPath, Config with { HiddenSize = 128 });
        (await Generate(option, $"low-rank={PredictorPath}")).ShouldFail(1, "inputs of 256 values, found 128");
    }

    [Theory]
    [MemberData(nameof(Options))]
    public async Task An_oracle_is_of_this_model_and_knows_so_many_tokens(string option)
    {
        (await Generate(option, $"oracle={TracePath}")).ShouldFail(1, TracePath);
        string text = _home.PathOf("text.txt");
        await File.WriteAllTextAsync(text, (await Generate()).Out);
        CliResult trace = await _home.RunAsync("trace", model.Image, "-t", text, "-o", TracePath);
        trace.Code.Should().Be(0, "of {0}", trace.Error);
        (await Generate(option, $"oracle={TracePath}", "-n", "5")).Out.Should().NotBeEmpty().And.Be((await Generate("-n", "5")).Out);
        CliResult longer = await Generate(option, $"oracle={TracePath}", "-n", "64");
        longer.ShouldFail(
            1, "predict by an activation trace", "to be among the ", " of the trace, found 68",
            "trace more of this text, or generate fewer tokens");
        longer.Out.Should().BeEmpty();
        using RandomModel other = new(RandomModels.LlamaRelu);
        using PackedModel packed = new(other.Folder);
        CliResult run = await _home.RunAsync("generate", "-m", packed.Folder, "-p", "abcd", "-n", "2", option, $"oracle={TracePath}");
        run.ShouldFail(1, TracePath, "expected 3 layers, found 6", "trace this very model with 'neuralink trace'");
    }

    [Fact]
    public async Task Who_asks_for_a_lookahead_gets_a_strategy_that_looks_ahead()
    {
        CliResult run = await Generate("--lookahead", "sketch=3");
        run.Error.Should().Contain("neuralink: strategy prefetch+cluster: a lookahead is asked for, a sketch of 3 bits")
            .And.Contain("of what it named was needed");
        (await Generate("--lookahead", "sketch=3", "--strategy", "serial")).Error.Should().NotContain("neuralink: ");
    }

    [Fact]
    public async Task A_baseline_over_an_order_that_it_is_not_defined_with()
    {
        (await Generate("--strategy", "frequency")).ShouldFail(
            1, "expected neurons in frequency order, which the strategy frequency is defined with, found identity",
            "`neuralink place --method frequency`");
        string image = _home.CopyImage(model.Image);
        CliResult place = await _home.RunAsync("place", image, "--method", "random");
        place.Code.Should().Be(0, "of {0}", place.Error);
        CliResult run = await _home.RunAsync("generate", "-m", image, "-p", "Once upon a time", "-n", "4", "--strategy", "llmflash");
        run.ShouldFail(
            1, "expected neurons in identity order, which the strategy llmflash is defined with, found random",
            "`neuralink place --method identity`");
        run.Out.Should().BeEmpty();
    }

    [Fact]
    public async Task A_budget_that_leaves_the_cache_under_one_layers_firing_set_works_and_says_what_held_it_up()
    {
        CliResult usual = await Generate(), run = await Generate("--memory", "10MiB", "--json");
        run.Code.Should().Be(0, "of {0}", run.Error);
        using JsonDocument document = JsonDocument.Parse(run.Out);
        JsonElement root = document.RootElement;
        usual.Out.Should().Be($"Once upon a time{root.GetProperty("text").GetString()}\n");
        root.GetProperty("diagnosis").GetString().Should().MatchRegex("^(disk|compute)-bound: ");
        root.GetProperty("memory").GetProperty("total").GetInt64().Should().BeLessThanOrEqualTo(10 << 20);
    }

    private Task<CliResult> Generate(params string[] options)
    {
        string[] count = options.Contains("-n", StringComparer.Ordinal) ? [] : ["-n", "8"];
        return _home.RunAsync(["generate", "-m", model.Image, "-p", "Once upon a time", "--temperature", "0", .. count, .. options]);
    }
}
