using Neuralink.Storage.Devices;

namespace Neuralink.Studies.Measuring;

/// <summary>An engine that is open, with the texts that it runs.</summary>
internal sealed class BenchEngine : IAsyncDisposable
{
    private readonly BenchTexts _texts;
    private readonly TimeProvider _time;
    private readonly HashSet<(BenchTest Test, BenchProtocol Protocol)> _warmedUp = [];
    private (BenchTest Test, BenchProtocol Protocol)? _last;

    private BenchEngine(NeuralinkEngine engine, BenchSource? source, TimeProvider time)
    {
        Engine = engine;
        _texts = new BenchTexts(engine.Tokenizer, engine.Model.VocabularySize, source);
        _time = time;
    }

    public NeuralinkEngine Engine { get; }

    /// <summary>Opens an engine, with room for the longest of some tests.</summary>
    /// <param name="setup">How to open it.</param>
    /// <param name="tests">The tests.</param>
    /// <param name="source">What prompts are cut from, or null.</param>
    /// <param name="store">Where packed models are; its clock times the runs.</param>
    /// <param name="timeline">Records what the actors do, or null.</param>
    /// <param name="decorate">Wraps the flash device, or null.</param>
    /// <param name="cancellation">Stops the opening.</param>
    public static async Task<BenchEngine> OpenAsync(
        ModelSetup setup, IReadOnlyList<BenchTest> tests, BenchSource? source, ModelStore store, Timeline? timeline,
        Func<IFlashDevice, IFlashDevice>? decorate, CancellationToken cancellation)
    {
        int context = tests.Max(test => test.GivenTokens + test.WantedTokens);
        NeuralinkEngine engine = await NeuralinkEngine.OpenAsync(
            setup with { ContextTokens = (_, _) => context }, store, timeline, decorate: decorate, cancellation: cancellation);
        try
        {
            return new BenchEngine(engine, source, store.Options.Time);
        }
        catch
        {
            await engine.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs a test as often as is not counted, unless that has been done.</summary>
    public async Task WarmUpAsync(BenchTest test, BenchProtocol protocol, CancellationToken cancellation)
    {
        if (!_warmedUp.Add((test, protocol)))
            return;
        if (protocol != BenchProtocol.Cold)
            await Engine.WhenWarm.WaitAsync(cancellation);
        for (int number = 0; number < BenchSetup.WarmUps; number++)
            await RunAsync(test, protocol, number, cancellation);
    }

    /// <summary>
    /// A run of a test. What another test or protocol of the same engine left in its cache does not show: an untimed run of the test's own
    /// comes between.
    /// </summary>
    /// <param name="test">The test.</param>
    /// <param name="protocol">What is in memory when it begins.</param>
    /// <param name="number">Counts the runs of the test from 0.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<MeasuredRun> RunAsync(BenchTest test, BenchProtocol protocol, int number, CancellationToken cancellation)
    {
        int text = protocol == BenchProtocol.Rotating ? number : 0;
        if (protocol == BenchProtocol.Cold)
            await EmptyAsync(cancellation);
        else if (number > 0 && _last != (test, protocol))
            await RunTextAsync(protocol == BenchProtocol.Rotating ? number - 1 : text);
        _last = (test, protocol);
        return await RunTextAsync(text);

        Task<MeasuredRun> RunTextAsync(int of)
        {
            int texts = Engine.Options.SequencesMax;
            return MeasuredRun.RunAsync(
                Engine, test, [.. Enumerable.Range(0, texts).Select(i => _texts.Request(test, (of * texts) + i))], _time, cancellation);
        }
    }

    public ValueTask DisposeAsync() => Engine.DisposeAsync();

    private async Task EmptyAsync(CancellationToken cancellation)
    {
        await Engine.EmptyCacheAsync(cancellation);
        if (!Engine.IsPastPageCache)
            PageCache.TryDrop(Engine.Image.NeuronsPath);
    }
}
