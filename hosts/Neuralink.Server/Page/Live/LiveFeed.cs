namespace Neuralink.Server.Page.Live;

/// <summary>
/// Watches an engine for one reader, from its making on until it is disposed. It keeps a few passes and counts the others, so a reader that
/// is slow costs no more than one that is not.
/// </summary>
internal sealed class LiveFeed : IDisposable
{
    /// <summary>The most passes of a sample. Fast models make more, and nobody could look at them all.</summary>
    public const int PassesMax = 8;

    private readonly NeuralinkEngine _engine;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Queue<PassMetrics> _passes = new(PassesMax);
    private readonly IDisposable _subscription;
    private long _passCount, _promptRows, _decodeRows;
    private long _lastTimestamp;
    private EngineTotals _lastTotals;
    private EngineStatus? _lastStatus;

    public LiveFeed(NeuralinkEngine engine, TimeProvider time)
    {
        _engine = engine;
        _time = time;
        _lastTimestamp = time.GetTimestamp();
        _lastTotals = engine.Totals;
        _subscription = engine.ObservePasses(See);
    }

    /// <summary>What has happened since the last call; null where it is nothing. The first call always has something.</summary>
    public LiveSample? Next()
    {
        EngineStatus status = _engine.Status;
        EngineTotals totals = _engine.Totals;
        TimeSpan elapsed = _time.GetElapsedTime(_lastTimestamp);
        _lastTimestamp = _time.GetTimestamp();
        (PassMetrics[] passes, long count, long promptRows, long decodeRows) = Take();
        LiveTexts texts = TextsOf(totals);
        if (count == 0 && status == _lastStatus && texts == TextsOf(_lastTotals))
            return null;
        LiveSpan since = new(
            Math.Round(elapsed.TotalMilliseconds, 1), count, promptRows, decodeRows, totals.Io.BytesRead - _lastTotals.Io.BytesRead,
            totals.Io.Wanted - _lastTotals.Io.Wanted, totals.Io.CacheHits - _lastTotals.Io.CacheHits);
        (_lastStatus, _lastTotals) = (status, totals);
        return new LiveSample { Status = status, Texts = texts, Since = since, Passes = [.. passes.Select(LivePass.Of)] };
    }

    public void Dispose() => _subscription.Dispose();

    private static LiveTexts TextsOf(EngineTotals totals) => new(totals.Finished, totals.Failed, totals.Cancelled);

    // On the engine's own thread.
    private void See(PassMetrics pass)
    {
        lock (_lock)
        {
            if (_passes.Count == PassesMax)
                _passes.Dequeue();
            _passes.Enqueue(pass);
            _passCount++;
            _promptRows += pass.PromptRows;
            _decodeRows += pass.DecodeRows;
        }
    }

    private (PassMetrics[] Passes, long Count, long PromptRows, long DecodeRows) Take()
    {
        lock (_lock)
        {
            PassMetrics[] passes = [.. _passes];
            (long count, long promptRows, long decodeRows) = (_passCount, _promptRows, _decodeRows);
            _passes.Clear();
            (_passCount, _promptRows, _decodeRows) = (0, 0, 0);
            return (passes, count, promptRows, decodeRows);
        }
    }
}
