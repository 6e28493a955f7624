using Neuralink.Pipeline.Metrics;
using Neuralink.Placement;
using Neuralink.Studies.Measuring;

namespace Neuralink.Studies.Tests.Measuring;

public sealed class RunMetricsTests
{
    private const int Layers = 2, Neurons = 100, PayloadBytes = 60, StrideBytes = 64;

    [Fact]
    public void Rates_are_means_of_runs_and_reads_are_those_of_all_tokens()
    {
        RunMetrics metrics = new(
            [Run(millis: 100, tokens: 10, reads: 20, bytes: 4000), Run(millis: 300, tokens: 10, reads: 60, bytes: 8000)], StrideBytes);
        metrics.Millis.Should().Be(200);
        metrics.MillisDeviation.Should().BeApproximately(Math.Sqrt(20_000), 1e-9);
        metrics.TokensPerSecond.Should().BeApproximately((100 + (1000.0 / 30)) / 2, 1e-9);
        metrics.ReadsPerToken.Should().Be(4);
        metrics.BytesPerToken.Should().Be(600);
        metrics.MeanReadBytes.Should().Be(150);
    }

    [Fact]
    public void Hits_waits_and_what_was_read_ahead_are_shares_of_all_runs()
    {
        RunMetrics metrics = new([Run(100, 10, 20, 4000), Run(300, 10, 60, 8000)], StrideBytes);
        metrics.HitRate.Should().Be(0.25, "1 of 4 wanted neurons was cached in each run");
        metrics.WaitMillisPerToken.Should().Be(2, "20 ms in each run of 10 tokens");
        metrics.WaitShare.Should().Be(0.1, "40 of 400 ms");
        metrics.DeviceMillisPerToken.Should().Be(4);
        (metrics.AheadOnTime, metrics.AheadLate, metrics.AheadWasted, metrics.DemandMisses).Should().Be((0.5, 0.3, 0.2, 1));
        metrics.EffectiveBytesPerSecond.Should().BeApproximately((5 + 3 + 10) * PayloadBytes / 0.040, 1e-6);
    }

    [Fact]
    public void The_demand_is_what_one_token_needs_of_all_layers() =>
        new RunMetrics([Run(100, 10, 20, 4000)], StrideBytes).DemandBytes.Should().Be(7 * StrideBytes, "3 and 4 neurons of 2 layers");

    [Fact]
    public void What_fills_an_empty_cache_is_read_too()
    {
        RunMetrics metrics = new([Run(100, 10, 20, 4000, (Counter.WarmUpReads, 30), (Counter.WarmUpBytes, 6000))], StrideBytes);
        (metrics.ReadsPerToken, metrics.BytesPerToken, metrics.MeanReadBytes).Should().Be((5, 1000, 200));
    }

    [Fact]
    public void Where_nothing_was_read_nothing_is_divided_by_it()
    {
        RunMetrics metrics = new([new MeasuredRun(10, 1, [new TextTimes([10])], Io([], []))], StrideBytes);
        (metrics.MeanReadBytes, metrics.HitRate, metrics.EffectiveBytesPerSecond, metrics.DemandBytes).Should().Be((0, 0, 0, 0));
    }

    private static MeasuredRun Run(double millis, int tokens, long reads, long bytes, params (Counter, long)[] more) => new(
        millis, tokens, [new TextTimes([millis])],
        Io(
            [(Counter.Tokens, tokens), (Counter.PredictedPairs, 3 * tokens), (Counter.Reads, reads), (Counter.BytesRead, bytes), .. more],
            [
                (Counter.Tokens, tokens), (Counter.PredictedPairs, 4 * tokens), (Counter.Wanted, 40), (Counter.CacheHits, 10),
                (Counter.WaitTicks, Ticks(20)), (Counter.BusyTicks, Ticks(40)), (Counter.PrefetchOnTime, 5), (Counter.PrefetchLate, 3),
                (Counter.PrefetchWasted, 2), (Counter.DemandMisses, 10),
            ]));

    private static IoMetrics Io(params (Counter Counter, long Count)[][] layers)
    {
        LayerCounters counters = new(Layers);
        foreach ((int layer, (Counter Counter, long Count)[] counts) in layers.Index())
        {
            foreach ((Counter counter, long count) in counts)
                counters.Add(new LayerIndex(layer), counter, count);
        }
        return new IoMetrics(counters, null, Neurons, PayloadBytes, TimeProvider.System);
    }

    private static long Ticks(double millis) => (long)(millis / 1000 * TimeProvider.System.TimestampFrequency);
}
