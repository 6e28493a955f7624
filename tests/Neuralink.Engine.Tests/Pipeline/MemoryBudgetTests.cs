using Neuralink.Placement.Cost;
using Neuralink.Storage;
using Neuralink.Storage.Devices;
using Neuralink.Tests.Support;

namespace Neuralink.Engine.Tests.Pipeline;

/// <summary>Engines of the smallest budgets still give the right tokens: layers then come in waves.</summary>
public sealed class MemoryBudgetTests(RandomImage image) : IClassFixture<RandomImage>
{
    public static TheoryData<ExecutionStrategy> Strategies => [.. TokenStrategies.OverAnyOrder];

    [Theory]
    [InlineData(ExecutionStrategy.Serial, 32)]
    [InlineData(ExecutionStrategy.Prefetch, 32)]
    [InlineData(ExecutionStrategy.Prefetch, 5)]
    public async Task The_smallest_budget_that_works_gives_the_right_tokens(ExecutionStrategy strategy, int chunk)
    {
        EngineOptions options = new() { Strategy = strategy, ChunkTokens = chunk, Threads = 1, QueueDepth = 2, MemoryBytes = 1 };
        Func<Task> open = () => NeuralinkEngine.OpenAsync(image.Folder, options);
        NeuralinkException refused = (await open.Should().ThrowAsync<NeuralinkException>()).Which;
        refused.Message.Should().Contain("expected at least");
        await using NeuralinkEngine probe = await NeuralinkEngine.OpenAsync(
            image.Folder, options with { MemoryBytes = null, Cache = CacheSize.OfBytes(0) });
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(
            image.Folder, options with { MemoryBytes = probe.Memory.TotalBytes });
        engine.Memory.Frames.CachedMax.Should().Be(0);
        engine.Memory.Frames.LeasedMax.Should().BeLessThan(engine.Model.FfnSize / 2, "or there would be no waves");
        (await engine.RunAsync(image.Prompt, RandomImage.NewTokens)).Tokens.Should().Equal(image.Tokens);
        engine.CacheState.CheckInvariants();
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public async Task A_cache_and_a_lease_under_one_layers_firing_set_work_and_the_diagnosis_says_so(ExecutionStrategy strategy)
    {
        using RandomModel model = new(RandomModels.LlamaRelu with { ActiveShift = 0.1f });
        using PackedModel packed = new(model.Folder);
        using DenseOracle dense = new(model.Folder);
        (int[] prompt, int[] tokens) = dense.Clear(promptTokens: 9, RandomImage.NewTokens, marginMin: 0.03f);
        EngineOptions options = new()
        {
            Strategy = strategy,
            ChunkTokens = 1,
            Threads = 1,
            QueueDepth = 2,
            MemoryBytes = 1,
            Cache = CacheSize.OfBytes(0),
        };
        long smallest;
        await using (NeuralinkEngine probe = await NeuralinkEngine.OpenAsync(packed.Folder, options with { MemoryBytes = null }))
            smallest = probe.Memory.TotalBytes;
        ReadCost slow = ReadCost.Linear(readMicros: 500, bytesPerMicro: 100);
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(
            packed.Folder, options with { MemoryBytes = smallest },
            decorate: inner => new ThrottledDevice(inner, slow, TimeProvider.System));
        GenerationResult result = await engine.RunAsync(prompt, RandomImage.NewTokens).WaitAsync(FaultyEngine.Hangs);
        result.Tokens.Should().Equal(tokens);
        engine.LeaseCount.Should().Be(0);
        engine.CacheState.CheckInvariants();
        engine.Memory.TotalBytes.Should().Be(smallest);
        int passes = prompt.Length + tokens.Length - 1, layers = engine.Model.LayerCount;
        (result.Io.Wanted / passes / layers).Should().BeGreaterThan(engine.Memory.Frames.LeasedMax, "or there would be no waves");
        double millis = result.Timings.PromptMillis + result.Timings.PredictedMillis;
        Diagnosis.Of(
            new DiagnosedRun(
                result.Io, millis, passes, layers, engine.Memory.Frames.CachedMax, engine.Strategy.ReadsAhead, slow.BytesPerMicroMax * 1e6))
            .Should().StartWith("disk-bound").And.Contain("the cache is too small: it holds 0 neurons").And.Contain("--memory")
            .And.NotContain("\n");
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
        (await engine.RunAsync(image.Prompt, RandomImage.NewTokens)).Tokens.Should().Equal(image.Tokens);
    }

    [Fact]
    public async Task Nothing_to_generate_is_an_empty_result_and_leaves_the_engine_working()
    {
        await using NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(image.Folder, new EngineOptions { QueueDepth = 2 });
        (await engine.RunAsync(image.Prompt, 0).WaitAsync(FaultyEngine.Hangs)).Tokens.Should().BeEmpty();
        (await engine.RunAsync(image.Prompt, RandomImage.NewTokens)).Tokens.Should().Equal(image.Tokens);
    }
}
