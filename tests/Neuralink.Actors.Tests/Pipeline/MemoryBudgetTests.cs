using Neuralink.Actors.Generation;
using Neuralink.Storage;

namespace Neuralink.Actors.Tests.Pipeline;

/// <summary>Engines of the smallest budgets still give the right tokens: layers then come in waves.</summary>
public sealed class MemoryBudgetTests(RandomImage image) : IClassFixture<RandomImage>
{
    [Theory]
    [InlineData(ExecutionStrategy.Serial, 32)]
    [InlineData(ExecutionStrategy.Prefetch, 32)]
    [InlineData(ExecutionStrategy.Prefetch, 5)]
    public async Task The_smallest_budget_that_works_gives_the_right_tokens(ExecutionStrategy strategy, int chunk)
    {
        EngineOptions options = new() { Strategy = strategy, ChunkTokens = chunk, Threads = 1, QueueDepth = 2, MemoryBytes = 1 };
        NeuralinkException refused = (await FluentActions.Awaiting(() => NeuralinkEngine.OpenAsync(image.Folder, options)).Should().ThrowAsync<NeuralinkException>()).Which;
        refused.Message.Should().Contain("expected at least");
        await using NeuralinkEngine probe = await NeuralinkEngine.OpenAsync(image.Folder, options with { MemoryBytes = null, Cache = CacheSize.OfBytes(0) });
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(image.Folder, options with { MemoryBytes = probe.Memory.TotalBytes });
        engine.Memory.Frames.CachedMax.Should().Be(0);
        engine.Memory.Frames.LeasedMax.Should().BeLessThan(engine.Model.FfnSize / 2, "or there would be no waves");
        (await engine.RunAsync(image.Prompt, FaultyEngine.NewTokens)).Tokens.Should().Equal(image.Tokens);
        engine.CacheState.CheckInvariants();
    }

    [Fact]
    public async Task An_empty_stop_text_is_refused_and_leaves_the_engine_working()
    {
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(image.Folder, new EngineOptions { QueueDepth = 2 });
        GenerationRequest request = new() { Prompt = image.Prompt, MaxTokens = 1, Stop = [""] };
        Func<Task> generate = async () =>
        {
            await foreach (GenerationEvent _ in engine.GenerateAsync(request))
                continue;
        };
        await ((Func<Task>)(() => generate().WaitAsync(FaultyEngine.Hangs))).Should().ThrowAsync<NeuralinkException>();
        (await engine.RunAsync(image.Prompt, FaultyEngine.NewTokens)).Tokens.Should().Equal(image.Tokens);
    }

    [Fact]
    public async Task Nothing_to_generate_is_an_empty_result_and_leaves_the_engine_working()
    {
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(image.Folder, new EngineOptions { QueueDepth = 2 });
        (await engine.RunAsync(image.Prompt, 0).WaitAsync(FaultyEngine.Hangs)).Tokens.Should().BeEmpty();
        (await engine.RunAsync(image.Prompt, FaultyEngine.NewTokens)).Tokens.Should().Equal(image.Tokens);
    }
}
