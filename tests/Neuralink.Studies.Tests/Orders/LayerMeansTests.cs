using Neuralink.Studies.Orders;

namespace Neuralink.Studies.Tests.Orders;

public sealed class LayerMeansTests
{
    [Fact]
    public void Each_layer_counts_alike_however_much_it_reads()
    {
        ReadTotals busy = new(Reads: 90, WantedBundles: 100, ReadBundles: 360, Micros: 3000);
        ReadTotals calm = new(Reads: 10, WantedBundles: 10, ReadBundles: 20, Micros: 1000);
        LayerMeans.Of([busy, calm], tokenCount: 10).Should()
            .Be(new LayerMeans(ReadsPerToken: 5, MeanReadBundles: 3, ReadPerUsed: 2.8, MicrosPerToken: 200));
    }

    [Fact]
    public void A_layer_that_reads_nothing_has_no_read_length_to_average()
    {
        ReadTotals busy = new(Reads: 10, WantedBundles: 10, ReadBundles: 20, Micros: 1000);
        LayerMeans.Of([busy, default], tokenCount: 10).Should()
            .Be(new LayerMeans(ReadsPerToken: 0.5, MeanReadBundles: 2, ReadPerUsed: 2, MicrosPerToken: 50));
        LayerMeans.Of([default], tokenCount: 10).Should().Be(new LayerMeans(0, 0, 1, 0));
    }
}
