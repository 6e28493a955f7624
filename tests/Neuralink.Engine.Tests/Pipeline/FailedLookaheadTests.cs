using Neuralink.Placement.Cost;
using Neuralink.Placement.Traces;
using Neuralink.Storage;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Traces;
using Neuralink.Tests.Support;

namespace Neuralink.Engine.Tests.Pipeline;

/// <summary>
/// What is read ahead and fails for good ends nothing: nobody asked for it. It is read again when a layer needs it, also where the layer
/// came while it was being tried, and only then its failing ends the generation.
/// </summary>
public sealed class FailedLookaheadTests : IDisposable
{
    private const int Attempts = 3, NewTokens = 8;

    // So few fire that all of a layer's neurons can be read ahead.
    private readonly RandomModel _model = new(RandomModels.LlamaRelu with { ActiveShift = 1.6f });
    private readonly int[] _prompt, _tokens;
    private readonly ModelArrangements _images;

    public FailedLookaheadTests()
    {
        using (DenseOracle dense = new(_model.Folder))
            (_prompt, _tokens) = dense.Clear(promptTokens: 9, NewTokens, marginMin: 0.03f);
        _images = new ModelArrangements(_model.Folder, [[.. _prompt, .. _tokens]]);
    }

    public static TheoryData<ExecutionStrategy, bool> Cases => new()
    {
        { ExecutionStrategy.Prefetch, false },
        { ExecutionStrategy.Prefetch, true },
        { ExecutionStrategy.PrefetchCluster, false },
        { ExecutionStrategy.PrefetchCluster, true },
    };

    public void Dispose()
    {
        _images.Dispose();
        _model.Dispose();
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_prefetch_that_fails_is_dropped_and_what_it_had_is_read_at_need(ExecutionStrategy strategy, bool isLate)
    {
        // With an oracle looking ahead every bundle is read for a prefetch: its attempts fail, and the next,
        // which is the layer's own, does not.
        Dictionary<long, int> attempts = Victims().ToDictionary(offset => offset, _ => 0);
        int failed = 0;
        (GenerationResult result, NeuralinkEngine engine) = await RunAsync(strategy, isLate, offset =>
        {
            if (!attempts.TryGetValue(offset, out int before))
                return false;
            attempts[offset] = (before + 1) % (Attempts + 1);
            failed += before == Attempts ? 1 : 0;
            return before < Attempts;
        });
        await using (engine)
        {
            result.Tokens.Should().Equal(_tokens);
            engine.LeaseCount.Should().Be(0);
            engine.CacheState.CheckInvariants();
        }
        failed.Should().BeGreaterThan(3, "of prefetches that failed for good");
        attempts.Values.Should().OnlyContain(count => count == 0);
        IoMetrics io = result.Io;
        io.Retries.Should().Be(failed * (Attempts - 1));
        (io.PrefetchLate + io.DemandMisses).Should().BeGreaterThanOrEqualTo(failed);
        if (isLate)
            io.PrefetchLate.Should().BePositive("the layers overtake a slow device");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task If_reading_at_need_fails_too_the_generation_ends_with_one_line(ExecutionStrategy strategy, bool isLate)
    {
        Func<Task> run = () => RunAsync(strategy, isLate, _ => true);
        (await run.Should().ThrowAsync<NeuralinkException>()).Which.Message.Should().Contain("neurons.safetensors").And.Contain("layer 0")
            .And.Contain("3 times").And.NotContain("\n");
    }

    private async Task<(GenerationResult Result, NeuralinkEngine Engine)> RunAsync(
        ExecutionStrategy strategy, bool isSlow, Func<long, bool> fails)
    {
        EngineOptions options = new()
        {
            Strategy = strategy,
            Lookahead = new() { Kind = PredictorKind.Oracle, Path = _images.TracePath(0) },
            Threads = 1,
            QueueDepth = 4,
            ChunkTokens = 1,
            Cache = CacheSize.OfShare(0),
            CollapseGapBytes = 0,
            ReadBytesMax = 4096,        // a few bundles at most
            ReadAttemptsMax = Attempts,
        };
        int stride = _images.Source.StrideBytes;
        NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(
            _images.Source.Folder, options,
            decorate: inner => new FaultInjectingDevice(
                isSlow ? new ThrottledDevice(inner, ReadCost.Linear(readMicros: 300, bytesPerMicro: 1000), TimeProvider.System) : inner,
                (_, read) =>
                    Enumerable.Range(0, read.SegmentCount).Any(i => fails(read.OffsetBytes + ((long)i * stride)))
                        ? new FlashFault.Fail()
                        : null));
        try
        {
            return (await engine.RunAsync(_prompt, NewTokens).WaitAsync(FaultyEngine.Hangs), engine);
        }
        catch
        {
            engine.LeaseCount.Should().Be(0);
            engine.CacheState.CheckInvariants();
            await engine.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Where the neuron of each layer lies that fires most. One of a layer: a batch is given up at its first failure, and
    /// others in it would not be tried.
    /// </summary>
    private IEnumerable<long> Victims()
    {
        using ActivationTrace trace = ActivationTrace.Open(_images.TracePath(0));
        for (int layer = 0; layer < trace.Info.LayerCount; layer++)
        {
            ActivationMatrix matrix = trace.Layer(new(layer));
            int victim = Enumerable.Range(0, matrix.NeuronCount)
                .MaxBy(n => Enumerable.Range(0, matrix.TokenCount).Count(t => (matrix.Token(t)[n / 64] >> (n % 64) & 1) != 0));
            yield return _images.Source.OffsetOf(new(layer), new(victim));
        }
    }
}
