using Neuralink.Studies.Measuring;

namespace Neuralink.Studies.Tests.Measuring;

public sealed class LatencyMetricsTests
{
    [Fact]
    public void Times_are_those_of_vllms_definitions()
    {
        LatencyMetrics latency = LatencyMetrics.Of([new TextTimes([10, 12, 16]), new TextTimes([30, 31])]);
        latency.FirstTokenMillis.Should().Be(20, "the mean of 10 and 30");
        latency.PerTokenMillis.Should().Be(2, "the mean of (16 - 10) / 2 and (31 - 30) / 1, a text as much as any other");
        latency.GapMedianMillis.Should().Be(2, "the middle of the gaps 2, 4 and 1");
        latency.GapWorstMillis.Should().Be(4);
        latency.Gap90Millis.Should().BeApproximately(3.6, 1e-9, "of the sorted gaps 1, 2, 4 the rank 1.8");
    }

    [Fact]
    public void A_text_of_one_token_has_a_first_token_and_no_gaps()
    {
        LatencyMetrics latency = LatencyMetrics.Of([new TextTimes([7])]);
        latency.FirstTokenMillis.Should().Be(7);
        (latency.PerTokenMillis, latency.GapMedianMillis, latency.Gap90Millis, latency.Gap99Millis, latency.GapWorstMillis)
            .Should().Be((null, null, null, null, null));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.25, 2)]
    [InlineData(0.5, 3)]
    [InlineData(0.9, 4.6)]
    [InlineData(1, 5)]
    public void A_percentile_is_linear_between_ranks(double share, double expected) =>
        Statistics.Percentile([5, 1, 4, 2, 3], share).Should().BeApproximately(expected, 1e-12);

    [Fact]
    public void A_deviation_is_over_one_less_than_the_samples()
    {
        Statistics.Deviation([2, 4, 6]).Should().Be(2);
        Statistics.Deviation([2]).Should().Be(0);
    }
}
