using Neuralink.Storage.Devices;
using Neuralink.Tests.Support;

namespace Neuralink.Engine.Tests.Pipeline;

/// <summary>An engine over a random model whose flash has faults, with what the dense reference makes of a prompt.</summary>
internal sealed class FaultyEngine : IAsyncDisposable
{
    /// <summary>Ends a hanging test; a passing one never waits that long.</summary>
    public static readonly TimeSpan Hangs = TimeSpan.FromSeconds(60);

    private FaultyEngine(NeuralinkEngine engine, FaultInjectingDevice device, RandomImage image)
    {
        Engine = engine;
        Device = device;
        Image = image;
    }

    public NeuralinkEngine Engine { get; }

    public FaultInjectingDevice Device { get; }

    public RandomImage Image { get; }

    public static Task<FaultyEngine> OpenAsync(
        RandomImage image, Func<long, FlashRead, FlashFault?> plan, ExecutionStrategy strategy = ExecutionStrategy.Prefetch,
        int chunkTokens = 5) => OpenAsync(image, plan, strategy, options => options with { ChunkTokens = chunkTokens });

    public static async Task<FaultyEngine> OpenAsync(
        RandomImage image, Func<long, FlashRead, FlashFault?> plan, ExecutionStrategy strategy, Func<EngineOptions, EngineOptions> change)
    {
        FaultInjectingDevice? device = null;
        EngineOptions options = new()
        {
            Strategy = strategy,
            Threads = 2,
            QueueDepth = 4,
            ChunkTokens = 5,
            Cache = CacheSize.OfShare(0.1),
            CollapseGapBytes = 0,                        // many reads, so that there are many moments
        };
        NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(
            image.Folder, change(options), decorate: inner => device = new FaultInjectingDevice(inner, plan));
        return new FaultyEngine(engine, device!, image);
    }

    /// <summary>Generates from the image's prompt.</summary>
    public Task<GenerationResult> RunAsync(CancellationToken cancellation = default) =>
        Engine.RunAsync(Image.Prompt, RandomImage.NewTokens, cancellation).WaitAsync(Hangs, CancellationToken.None);

    /// <summary>The tokens are right, and nothing is left of the job.</summary>
    public async Task ShouldWorkAsync(string because = "")
    {
        (await RunAsync()).Tokens.Should().Equal(Image.Tokens, because);
        ShouldBeIdle();
    }

    public void ShouldBeIdle()
    {
        Engine.LeaseCount.Should().Be(0);
        Engine.CacheState.CheckInvariants();
    }

    public ValueTask DisposeAsync() => Engine.DisposeAsync();
}
