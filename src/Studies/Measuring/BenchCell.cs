using Neuralink.Storage;

namespace Neuralink.Studies.Measuring;

/// <summary>One combination of a bench while it runs.</summary>
/// <param name="variant">How its engine is opened.</param>
/// <param name="protocol">What is in memory when a run begins.</param>
/// <param name="test">What is timed.</param>
internal sealed class BenchCell(BenchVariant variant, BenchProtocol protocol, BenchTest test)
{
    private readonly List<MeasuredRun> _runs = [], _repeated = [];
    private BenchSubject? _subject;
    private DateTimeOffset _started;

    /// <summary>Why it is not run any more, or null.</summary>
    public NeuralinkException? Failure { get; private set; }

    /// <summary>How long a run takes; null before the first.</summary>
    public double? Millis => _runs.Count == 0 ? null : _runs.Average(r => r.Millis);

    /// <summary>What a run takes before one has been seen, beside other cells: a prompt's tokens share their reads.</summary>
    public double Weight => ((test.PromptTokens / 4.0) + test.GeneratedTokens) * variant.Setup.Engine.SequencesMax;

    /// <summary>Null before the first run.</summary>
    public BenchResult? Result => _runs.Count == 0 ? null : new BenchResult(variant, _subject!, protocol, test, _started, _runs);

    /// <summary>The time of its repetition at the end over that of its runs; null where it was not repeated.</summary>
    public double? RepeatedRatio => _repeated.Count == 0 ? null : _repeated.Average(r => r.Millis) / Millis;

    /// <summary>Runs it once, after its warm-ups where the engine has not run it before.</summary>
    /// <param name="engine">Its engine.</param>
    /// <param name="round">Counts from 0: the same round runs the same text.</param>
    /// <param name="isRepetition">Whether the run is compared with the others, and not one of them.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task RunAsync(BenchEngine engine, int round, bool isRepetition, TimeProvider time, CancellationToken cancellation)
    {
        await engine.WarmUpAsync(test, protocol, cancellation);
        if (_subject is null)
            (_subject, _started) = (BenchSubject.Of(engine.Engine), time.GetUtcNow());
        MeasuredRun run = await engine.RunAsync(test, protocol, BenchSetup.WarmUps + round, cancellation);
        (isRepetition ? _repeated : _runs).Add(run);
    }

    /// <summary>It is not run any more.</summary>
    public void Fail(NeuralinkException failure) => Failure = failure;

    /// <inheritdoc/>
    public override string ToString() => $"{test.Name} {protocol.ToString().ToLowerInvariant()}, {variant}";
}
