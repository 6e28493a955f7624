using Neuralink.Tests.Support;

namespace Neuralink.Engine.Tests.Pipeline;

/// <summary>Runs alone: it counts what the whole process allocates.</summary>
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
public sealed class AllocationCollection;

[Collection(nameof(AllocationTests))]
public sealed class AllocationTests
{
    // A layer takes about ten messages of 24 to 56 bytes each, and Akka allocates 64 more to schedule each; a
    // token adds its own and its event.
    private const int BytesPerLayer = 1792;
    private const int BytesPerToken = 1024;

    private const int Short = 16;
    private const int Long = 80;

    [Theory]
    [InlineData(ExecutionStrategy.Serial)]
    [InlineData(ExecutionStrategy.Prefetch)]
    [InlineData(ExecutionStrategy.PrefetchCluster)]
    public async Task A_token_allocates_at_most_its_messages(ExecutionStrategy strategy)
    {
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(
            BundledModel.Image, new EngineOptions { Threads = 2, Strategy = strategy });
        await AllocatedAsync(engine, Long);
        long shorter = await AllocatedAsync(engine, Short), longer = await AllocatedAsync(engine, Long);
        double perToken = (double)(longer - shorter) / (Long - Short);
        perToken.Should().BeLessThan(BytesPerToken + (BytesPerLayer * engine.Model.LayerCount));
    }

    private static async Task<long> AllocatedAsync(NeuralinkEngine engine, int tokens)
    {
        long before = GC.GetTotalAllocatedBytes(precise: true);
        GenerationResult result = await engine.RunAsync(BundledModel.Greedy[0].PromptIds, tokens);
        result.Tokens.Should().HaveCount(tokens);
        return GC.GetTotalAllocatedBytes(precise: true) - before;
    }
}
