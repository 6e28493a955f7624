using Neuralink.Models.Configuration;
using Neuralink.Placement.Caching;
using Neuralink.Storage;
using Neuralink.Storage.Image;
using Neuralink.Tests.Support;

namespace Neuralink.Engine.Tests.Pipeline;

/// <summary>What predictors and images do not know is said when the engine opens, or done without.</summary>
public sealed class PredictorGapsTests(RandomImage image) : IClassFixture<RandomImage>
{
    [Fact]
    public async Task A_predictor_that_lacks_a_layer_is_refused_as_the_predictor_and_looks_ahead_to_the_others()
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory("neuralink-test-").FullName, "published.safetensors");
        RandomPredictor.WritePublished(path, ModelConfigJson.Read(FlashImage.Open(image.Folder)), firstLayer: 1);
        PredictorOptions published = new() { Kind = PredictorKind.LowRank, Path = path };
        Func<Task> open = () => NeuralinkEngine.OpenAsync(image.Folder, new EngineOptions { Predictor = published });
        await open.Should().ThrowAsync<NeuralinkException>().WithMessage("*a predictor of every layer, found none of layer 0*");
        EngineOptions options = new()
        {
            Strategy = ExecutionStrategy.PrefetchCluster,
            Lookahead = published,
            LookaheadPrecisionMin = 0,
            Threads = 2,
        };
        await using (NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(image.Folder, options))
            (await engine.RunAsync(image.Prompt, RandomImage.NewTokens)).Tokens.Should().Equal(image.Tokens);
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    [Fact]
    public async Task Pinning_needs_an_image_that_knows_what_is_hot()
    {
        Func<Task> open = () =>
            NeuralinkEngine.OpenAsync(image.Folder, new EngineOptions { CachePolicy = new CacheOptions { PinnedShare = 0.5 } });
        await open.Should().ThrowAsync<NeuralinkException>().WithMessage("*knows which fire most*`neuralink place --trace`*");
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.5)]
    [InlineData(double.NaN)]
    public void A_cache_policy_outside_its_range_is_refused(double share) =>
        new EngineOptions { CachePolicy = new CacheOptions { PinnedShare = share } }.Invoking(o => o.Validate())
            .Should().Throw<NeuralinkException>();
}
