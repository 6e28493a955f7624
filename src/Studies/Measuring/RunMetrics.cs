using Neuralink.Pipeline.Metrics;

namespace Neuralink.Studies.Measuring;

/// <summary>What some runs of a test come to, at least one: means over all their tokens. Times in milliseconds.</summary>
public sealed class RunMetrics
{
    private readonly IReadOnlyList<MeasuredRun> _runs;
    private readonly double _tokens;

    /// <param name="runs">The runs.</param>
    /// <param name="strideBytes">Bytes of one neuron in the cache.</param>
    public RunMetrics(IReadOnlyList<MeasuredRun> runs, int strideBytes)
    {
        _runs = runs;
        _tokens = runs.Sum(r => (double)r.Tokens);
        double pairs = Sum(io => io.Counts.Counters[Counter.PredictedPairs]);
        double tokensRun = Sum(io => (double)io.Counts.Counters[Counter.Tokens] / io.Counts.Counters.LayerCount);
        DemandBytes = Ratio(pairs * strideBytes, tokensRun);
        Latency = LatencyMetrics.Of([.. runs.SelectMany(r => r.Texts)]);
    }

    /// <summary>A run, from the requests to the last token.</summary>
    public double Millis => _runs.Average(r => r.Millis);

    /// <summary>The standard deviation of that, over the runs.</summary>
    public double MillisDeviation => Statistics.Deviation([.. _runs.Select(r => r.Millis)]);

    /// <summary>Tokens a second: the mean of the runs'.</summary>
    public double TokensPerSecond => _runs.Average(r => r.TokensPerSecond);

    /// <summary>The standard deviation of that, over the runs.</summary>
    public double TokensPerSecondDeviation => Statistics.Deviation([.. _runs.Select(r => r.TokensPerSecond)]);

    /// <summary>How long readers waited.</summary>
    public LatencyMetrics Latency { get; }

    /// <summary>Bytes read, for a token.</summary>
    public double BytesPerToken => Bytes / _tokens;

    /// <summary>Read commands, for a token.</summary>
    public double ReadsPerToken => Reads / _tokens;

    /// <summary>Bytes of a read.</summary>
    public double MeanReadBytes => Ratio(Bytes, Reads);

    /// <summary>Of the wanted neurons, the share that was cached, 0 to 1.</summary>
    public double HitRate => Ratio(Sum(io => io.CacheHits), Sum(io => io.Wanted));

    /// <summary>Computing waited for flash with nothing else to do, for a token: the visible wait.</summary>
    public double WaitMillisPerToken => Sum(io => io.WaitMillis) / _tokens;

    /// <summary>The same as a share of the time, 0 to 1.</summary>
    public double WaitShare => Sum(io => io.WaitMillis) / _runs.Sum(r => r.Millis);

    /// <summary>At least one read was in flight, for a token.</summary>
    public double DeviceMillisPerToken => Sum(io => io.IoMillis) / _tokens;

    /// <summary>Bytes a second of needed neurons that came from flash while it was busy.</summary>
    public double EffectiveBytesPerSecond => Ratio(Sum(io => io.BytesUsed), Sum(io => io.IoMillis) / 1000);

    /// <summary>Neurons read ahead that were there when they were wanted, for a token.</summary>
    public double AheadOnTime => Sum(io => io.PrefetchOnTime) / _tokens;

    /// <summary>Neurons read ahead that were still on their way, for a token.</summary>
    public double AheadLate => Sum(io => io.PrefetchLate) / _tokens;

    /// <summary>Neurons read ahead in vain, for a token.</summary>
    public double AheadWasted => Sum(io => io.PrefetchWasted) / _tokens;

    /// <summary>Neurons read when the layer wanted them, for a token.</summary>
    public double DemandMisses => Sum(io => io.DemandMisses) / _tokens;

    /// <summary>
    /// Bytes of the neurons that one token needs, over all layers, cached or not, as they lie in the cache. A cache below that which is
    /// ruled by recent use finds nothing: what a token used first is gone when the next token wants it.
    /// </summary>
    public double DemandBytes { get; }

    // What fills an empty cache is read as well.
    private double Bytes => Sum(io => io.BytesRead + io.WarmUpBytes);

    private double Reads => Sum(io => io.Reads + io.WarmUpReads);

    private double Sum(Func<IoMetrics, double> metric) => _runs.Sum(r => metric(r.Io));

    private static double Ratio(double part, double whole) => whole == 0 ? 0 : part / whole;
}
