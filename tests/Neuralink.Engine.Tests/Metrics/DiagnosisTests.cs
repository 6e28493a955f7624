using Neuralink.Pipeline.Metrics;

namespace Neuralink.Engine.Tests.Metrics;

public sealed class DiagnosisTests
{
    [Fact]
    public void A_run_that_hardly_waited_is_bound_by_computing() =>
        Of(waitMillis: 50).Should().StartWith("compute-bound").And.Contain("5%");

    [Fact]
    public void One_that_read_nothing_is_so_too() =>
        Diagnosis.Of(Run(new LayerCounters(2), totalMillis: 10)).Should().StartWith("compute-bound: everything was in memory");

    [Fact]
    public void A_cache_below_a_layers_need_is_said_to_be_too_small() =>
        Of(cachedMax: 3).Should().StartWith("disk-bound").And.Contain("too small: it holds 3 neurons, and a layer needs 50");

    [Fact]
    public void Without_reading_ahead_the_most_that_it_can_hide_is_said() =>
        Of(readsAhead: false).Should().Contain("--strategy prefetch+cluster can take at most 40% off the time");

    [Fact]
    public void A_lookahead_that_is_mostly_wrong_is_named() =>
        Of(lookedAhead: 400, right: 100, wasted: 300).Should().Contain("100% of what was read ahead was in vain")
            .And.Contain("train-predictor --depth 1");

    [Fact]
    public void Small_reads_are_named_with_the_share_of_the_bandwidth_they_get() =>
        Of(deviceBytesPerSecond: 4e6).Should().Contain("reads of 1 KiB get 43% of the device's bandwidth")
            .And.Contain("at most 57% off the reading");

    [Fact]
    public void A_device_at_its_bandwidth_needs_fewer_bytes() =>
        Of().Should().Contain("at 100% of its bandwidth").And.Contain("found 20%, can take at most 25% off the reads");

    // 1000 ms, of which 600 were waited and the device was busy, 1000 reads of a KiB; 10 passes through 2 layers of which each wants 50
    // neurons.
    private static string Of(
        double waitMillis = 600, int cachedMax = 100, bool readsAhead = true, int lookedAhead = 0, int right = 0, int wasted = 0,
        double deviceBytesPerSecond = 1.7e6)
    {
        LayerCounters counters = new(2);
        for (int layer = 0; layer < 2; layer++)
        {
            Placement.LayerIndex index = new(layer);
            counters.Add(index, Counter.Wanted, 500);
            counters.Add(index, Counter.CacheHits, 100);
            counters.Add(index, Counter.Reads, 500);
            counters.Add(index, Counter.BytesRead, 500 << 10);
            counters.Add(index, Counter.LookaheadNamed, lookedAhead / 2);
            counters.Add(index, Counter.LookaheadHits, right / 2);
            counters.Add(index, Counter.Prefetched, wasted / 2);
            counters.Add(index, Counter.PrefetchWasted, wasted / 2);
            counters.Add(index, Counter.WaitTicks, Ticks(waitMillis / 2));
            counters.Add(index, Counter.BusyTicks, Ticks(300));
        }
        return Diagnosis.Of(Run(counters, 1000, cachedMax, readsAhead, deviceBytesPerSecond));
    }

    private static DiagnosedRun Run(
        LayerCounters counters, double totalMillis, int cachedMax = 100, bool readsAhead = true,
        double deviceBytesPerSecond = 1.7e6) => new(
        new IoMetrics(counters, layer: null, neuronsPerLayer: 100, payloadBytes: 1024, TimeProvider.System), totalMillis, Passes: 10,
        LayerCount: 2, cachedMax, readsAhead, deviceBytesPerSecond);

    private static long Ticks(double millis) => (long)(millis * TimeProvider.System.TimestampFrequency / 1000);
}
