using Neuralink.Placement.Caching;
using Neuralink.Tests.Support;

namespace Neuralink.Engine.Tests.Pipeline;

public sealed class WarmUpTests(RandomImage image) : IClassFixture<RandomImage>
{
    [Theory]
    [InlineData(ExecutionStrategy.Serial)]
    [InlineData(ExecutionStrategy.Cluster)]
    [InlineData(ExecutionStrategy.PrefetchCluster)]
    public async Task A_warm_engine_reads_nothing_and_says_the_same(ExecutionStrategy strategy)
    {
        await using NeuralinkEngine engine = await Open(new EngineOptions { Strategy = strategy, Cache = CacheSize.OfShare(1) });
        await engine.WhenWarm.WaitAsync(FaultyEngine.Hangs);
        GenerationResult result = await engine.RunAsync(image.Prompt, RandomImage.NewTokens);
        result.Tokens.Should().Equal(image.Tokens);
        (result.Io.Reads, result.Io.WarmUpReads, result.Io.CacheHitRate).Should().Be((0, 0, 1));
    }

    [Fact]
    public async Task A_text_that_begins_before_the_cache_is_full_is_the_same()
    {
        for (int i = 0; i < 3; i++)
        {
            await using NeuralinkEngine engine = await Open(new EngineOptions { Cache = CacheSize.OfShare(1), QueueDepth = 1 + i });
            (await engine.RunAsync(image.Prompt, RandomImage.NewTokens)).Tokens.Should().Equal(image.Tokens);
            await engine.WhenWarm.WaitAsync(FaultyEngine.Hangs);
            engine.CacheState.CheckInvariants();
            engine.CacheState.CachedCount.Should().Be(engine.Model.LayerCount * engine.Model.FfnSize);
        }
    }

    [Theory]
    [InlineData(WarmUpMode.None, CachePolicyKind.Lfu, 1.0)]
    [InlineData(WarmUpMode.Auto, CachePolicyKind.Window, 1.0)]
    [InlineData(WarmUpMode.Auto, CachePolicyKind.None, 1.0)]
    [InlineData(WarmUpMode.Auto, CachePolicyKind.Lfu, 0.9)]      // and an image that does not know what is active most
    public async Task Nothing_is_read_where_it_is_not_wanted_or_would_be_in_vain(WarmUpMode mode, CachePolicyKind policy, double share)
    {
        EngineOptions options = new() { WarmUp = mode, CachePolicy = CacheOptions.Of(policy), Cache = CacheSize.OfShare(share) };
        await using NeuralinkEngine engine = await Open(options);
        await engine.WhenWarm.WaitAsync(FaultyEngine.Hangs);
        engine.CacheState.CachedCount.Should().Be(0);
        (await engine.RunAsync(image.Prompt, RandomImage.NewTokens)).Tokens.Should().Equal(image.Tokens);
    }

    [Fact]
    public async Task An_emptied_cache_holds_nothing_and_the_next_text_is_the_same()
    {
        await using NeuralinkEngine engine = await Open(new EngineOptions { WarmUp = WarmUpMode.None, Cache = CacheSize.OfShare(1) });
        await engine.RunAsync(image.Prompt, RandomImage.NewTokens);
        engine.CacheState.CachedCount.Should().BePositive();
        for (int i = 0; i < 3; i++)
        {
            await engine.EmptyCacheAsync().WaitAsync(FaultyEngine.Hangs);
            (engine.CacheState.CachedCount, engine.LeaseCount).Should().Be((0, 0));
            GenerationResult result = await engine.RunAsync(image.Prompt, RandomImage.NewTokens);
            result.Tokens.Should().Equal(image.Tokens);
            result.Io.BytesRead.Should().BePositive();
        }
    }

    [Fact]
    public async Task Emptying_ends_a_text_that_runs_and_the_next_one_is_whole()
    {
        await using NeuralinkEngine engine = await Open(new EngineOptions { Cache = CacheSize.OfShare(0.1) });
        const int MoreThanAreKeptForAReader = 72;      // so it pauses, and does not end by itself
        GenerationRequest request = new() { Prompt = image.Prompt, MaxTokens = MoreThanAreKeptForAReader, IgnoreEndTokens = true };
        await using IAsyncEnumerator<GenerationEvent> running = engine.GenerateAsync(request).GetAsyncEnumerator();
        await running.MoveNextAsync();
        await Task.WhenAll(engine.EmptyCacheAsync(), engine.EmptyCacheAsync()).WaitAsync(FaultyEngine.Hangs);
        Func<Task> readOn = async () =>
        {
            while (await running.MoveNextAsync())
                continue;
        };
        (await readOn.Should().ThrowAsync<InvalidOperationException>()).WithMessage("The cache was emptied while a text ran.");
        (await engine.RunAsync(image.Prompt, RandomImage.NewTokens)).Tokens.Should().Equal(image.Tokens);
    }

    private Task<NeuralinkEngine> Open(EngineOptions options) => NeuralinkEngine.OpenAsync(image.Folder, options with { Threads = 2 });
}
