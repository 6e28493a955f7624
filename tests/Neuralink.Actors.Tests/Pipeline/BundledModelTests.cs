using Neuralink.Actors.Generation;
using Neuralink.Storage.Devices;
using Neuralink.Tests.Support;

namespace Neuralink.Actors.Tests.Pipeline;

/// <summary>The bundled model through pack and pipeline gives what an independent implementation computed, however the engine is set up.</summary>
public sealed class BundledModelTests(BundledModelTests.Image image) : IClassFixture<BundledModelTests.Image>
{
    [Theory]
    [CombinatorialSetups]
    public Task Greedy_tokens_are_those_of_the_independent_implementation(int threads, double cache, ExecutionStrategy strategy, int depth) =>
        CheckAsync(new EngineOptions { Threads = threads, Cache = CacheSize.OfShare(cache), Strategy = strategy, QueueDepth = depth });

    [Theory]
    [InlineData(ExecutionStrategy.Serial, FlashAccess.Buffered, 16)]
    [InlineData(ExecutionStrategy.Prefetch, FlashAccess.Buffered, 16)]
    [InlineData(ExecutionStrategy.Serial, FlashAccess.Uring, 64)]
    [InlineData(ExecutionStrategy.Prefetch, FlashAccess.Uring, 1)]
    [InlineData(ExecutionStrategy.Prefetch, FlashAccess.Uring, 64)]
    public Task The_way_of_reading_changes_no_token(ExecutionStrategy strategy, FlashAccess io, int depth) =>
        CheckAsync(new EngineOptions { Threads = 2, Cache = CacheSize.OfShare(0.02), Strategy = strategy, Io = io, QueueDepth = depth });

    private async Task CheckAsync(EngineOptions options)
    {
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(image.Packed.Folder, options);
        foreach (GreedyReference expected in BundledModel.Greedy)
        {
            GenerationResult result = await engine.RunAsync(expected.PromptIds, expected.NewIds.Length);
            result.Tokens.Should().Equal(expected.NewIds, "of the prompt {0}", expected.Prompt);
            engine.LeaseCount.Should().Be(0);
            engine.CacheState.CheckInvariants();
        }
    }

    public sealed class Image : IDisposable
    {
        public PackedModel Packed { get; } = new(BundledModel.Folder);

        public void Dispose() => Packed.Dispose();
    }
}
