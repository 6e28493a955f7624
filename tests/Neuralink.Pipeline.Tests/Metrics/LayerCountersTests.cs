using Neuralink.Pipeline.Metrics;
using Neuralink.Placement;

namespace Neuralink.Pipeline.Tests.Metrics;

public sealed class LayerCountersTests
{
    [Fact]
    public void Counters_are_kept_by_layer_summed_and_subtracted()
    {
        LayerCounters counters = new(3);
        counters.Add(new LayerIndex(0), Counter.Reads);
        counters.Add(new LayerIndex(2), Counter.Reads, 5);
        counters.Add(new LayerIndex(2), Counter.LayerTicks, 7);
        LayerCounters before = counters.Snapshot();
        counters.Add(new LayerIndex(2), Counter.Reads, 10);
        (before[Counter.Reads], counters[Counter.Reads], counters[new LayerIndex(2), Counter.Reads]).Should().Be((6, 16, 15));
        LayerCounters since = counters.Since(before);
        (since[Counter.Reads], since[new LayerIndex(0), Counter.Reads], since[Counter.LayerTicks]).Should().Be((10, 0, 0));
    }
}
