using Neuralink.Pipeline.Metrics;
using Neuralink.Placement;

namespace Neuralink.Engine.Tests.Metrics;

public sealed class IoMetricsTests
{
    [Fact]
    public void Metrics_are_the_counters_in_their_units()
    {
        LayerCounters counters = new(2);
        LayerIndex layer = new(1);
        foreach ((Counter counter, int count) in ((Counter, int)[])
            [(Counter.Tokens, 4), (Counter.PredictedPairs, 20), (Counter.ActivePairs, 15), (Counter.Wanted, 20), (Counter.CacheHits, 5),
            (Counter.PrefetchOnTime, 6), (Counter.PrefetchLate, 1), (Counter.DemandMisses, 8), (Counter.LookaheadNamed, 16),
            (Counter.LookaheadHits, 12), (Counter.Reads, 10), (Counter.BytesRead, 4000)])
        {
            counters.Add(layer, counter, count);
        }
        IoMetrics all = Of(counters, layer: null);
        all.Should().BeEquivalentTo(new
        {
            BytesUsed = 1500L,
            MeanReadBytes = 400.0,
            CacheHitRate = 0.25,
            LookaheadRecall = 0.6,
            LookaheadPrecision = 0.75,
            PredictorPrecision = 0.75,
            PredictedShare = 0.1,
            ActiveShare = 0.075,
        });
        Of(counters, layer).Should().BeEquivalentTo(all, "the other layer has none");
        Of(counters, new LayerIndex(0)).Should().BeEquivalentTo(new { LookaheadRecall = (double?)null, CacheHitRate = 0.0 });
    }

    private static IoMetrics Of(LayerCounters counters, LayerIndex? layer) =>
        new(counters, layer, neuronsPerLayer: 50, payloadBytes: 100, TimeProvider.System);
}
