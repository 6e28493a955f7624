using Neuralink.Studies.Planning;
using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Placement.Traces;
using Neuralink.Storage.Image;
using Neuralink.Tests.Support;

namespace Neuralink.Studies.Tests.Planning;

/// <summary>What is played through the cache is what was recorded, or else chance of the published shares.</summary>
public sealed class ActivationForecastTests
{
    private readonly ModelConfig _config = HuggingFaceConfig.Read(BundledModel.Folder);

    [Fact]
    public void Chance_fires_the_assumed_share()
    {
        ActivationForecast.Assume(_config).ActiveShare.Should().BeApproximately(0.15, 0.003);
        ActivationForecast.Assume(_config with { Activation = ActivationKind.FatRelu }).ActiveShare.Should().BeApproximately(0.24, 0.005);
        ActivationForecast opt = ActivationForecast.Assume(_config with { Gated = false });
        opt.ActiveShare.Should().BeApproximately(0.04, 0.002);
        opt.IsRecorded.Should().BeFalse();
        opt.Layers.Select(l => l.NeuronCount).Should().AllBeEquivalentTo(2048);
    }

    [Fact]
    public void Of_a_large_model_a_few_layers_are_played_spread_over_all()
    {
        ActivationForecast forecast = ActivationForecast.Assume(_config with { FfnSize = 11008, LayerCount = 32 });
        forecast.Layers.Should().HaveCountLessThan(10).And.HaveCountGreaterThan(1);
        forecast.LayerIndices.Should().BeInAscendingOrder().And.OnlyHaveUniqueItems();
        forecast.LayerIndices[0].Should().BePositive();
        forecast.LayerIndices[^1].Should().BeInRange(16, 31);
        forecast.ActivePerToken.Should().BeApproximately(0.15 * 11008 * 32, 1000, "the others are taken to be alike");
    }

    [Fact]
    public void A_sample_is_played_as_it_is()
    {
        ActivationMatrix[] rows = [ActivationMatrix.FromLists(5, [[1], [2, 4]]), ActivationMatrix.FromLists(5, [[], [0]])];
        ActivationSample sample = new(
            new ActivationSampleInfo("digest", "a.txt", 2, 5, 2, 2), [.. rows.Select(r => r.Frequencies())], rows);
        ActivationForecast forecast = ActivationForecast.Of(sample);
        forecast.Layers.Should().Equal(rows);
        forecast.LayerIndices.Should().Equal(0, 1);
        (forecast.ActivePerToken, forecast.ActiveShare, forecast.IsRecorded).Should().Be((2, 0.2, true));
        forecast.Source.Should().Contain("a.txt");
    }

    [Fact]
    public void Lookahead_finds_more_in_deeper_models_and_less_further_ahead()
    {
        LookaheadQuality six = LookaheadQuality.Assume(PredictorOptions.Exact, 1, 6);
        LookaheadQuality deep = LookaheadQuality.Assume(PredictorOptions.Exact, 1, 24);
        six.Found.Should().BeApproximately(0.39, 0.02);
        six.Precision.Should().BeApproximately(0.61, 0.03);
        deep.Found.Should().BeApproximately(0.87, 0.05);
        deep.Precision.Should().BeApproximately(0.91, 0.04);
        LookaheadQuality.Assume(PredictorOptions.Exact, 2, 24).Found.Should().BeLessThan(deep.Found);
        LookaheadQuality.Assume(new PredictorOptions { Kind = PredictorKind.Oracle, Path = "x" }, 1, 6).VainShare.Should().Be(0);
        new LookaheadQuality(0.5, 0.25, IsMeasured: true).VainShare.Should().Be(1.5);
    }
}
