using Neuralink.Placement.Cost;

namespace Neuralink.Placement.Tests.Cost;

public sealed class ReadCostTests
{
    private static ReadCost Curve { get; } = new([new(4096, 30), new(8192, 34), new(65536, 100)]);

    [Theory]
    [InlineData(1, 30)]
    [InlineData(4096, 30)]
    [InlineData(6144, 32)]
    [InlineData(8192, 34)]
    [InlineData(36864, 67)]
    [InlineData(65536, 100)]
    [InlineData(122880, 166)]
    public void Between_points_and_beyond_the_last_the_curve_is_straight(long bytes, double micros) =>
        Curve.MicrosOf(bytes).Should().BeApproximately(micros, 1e-9);

    [Theory]
    [InlineData(1)]
    [InlineData(1536)]
    [InlineData(1 << 20)]
    [InlineData(1L << 40)]
    public void A_linear_cost_is_linear_everywhere(long bytes)
    {
        double expected = 20 + (bytes / 1000.0);
        ReadCost.Linear(20, 1000).MicrosOf(bytes).Should().BeApproximately(expected, 1e-9 * expected);
    }

    [Fact]
    public void A_curve_comes_back_from_its_points()
    {
        ReadCost copy = new([.. Curve.Points]);
        foreach (long bytes in (long[])[1, 5000, 70000])
            copy.MicrosOf(bytes).Should().Be(Curve.MicrosOf(bytes));
    }

    // In 20 us the bandwidth carries 20000 bytes: 13 bundles of 1536 bytes and a bit.
    [Theory]
    [InlineData(20, 1000, 1536, 13)]
    [InlineData(20, 1000, 10000, 2)]
    [InlineData(20, 1000, 20001, 0)]
    [InlineData(0, 1000, 512, 0)]
    public void The_break_even_gap_is_what_the_bandwidth_carries_in_the_time_of_a_read(
        double readMicros, double bytesPerMicro, int strideBytes, int gap) =>
        ReadCost.Linear(readMicros, bytesPerMicro).BreakEvenGapSlots(strideBytes).Should().Be(gap);

    [Fact]
    public void A_gap_of_the_break_even_width_is_no_dearer_to_read_through_than_to_skip_and_a_wider_one_is()
    {
        foreach (int stride in (int[])[512, 1024, 4096, 8192, 40960])
        {
            int gap = Curve.BreakEvenGapSlots(stride);
            Curve.MicrosOf((gap + 2L) * stride).Should().BeLessThanOrEqualTo(2 * Curve.MicrosOf(stride));
            Curve.MicrosOf((gap + 3L) * stride).Should().BeGreaterThan(2 * Curve.MicrosOf(stride));
        }
    }

    [Fact]
    public void The_break_even_gap_is_never_wider_than_is_looked_for() =>
        ReadCost.Linear(1e8, 1000).BreakEvenGapSlots(512, gapSlotsMax: 100).Should().Be(100);

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    [InlineData(1 << 20)]
    public void On_a_linear_cost_the_gap_is_what_a_read_costs_in_bandwidth_at_every_size(long bytes) =>
        ReadCost.Linear(20, 1000).BreakEvenGapBytes(bytes).Should().BeCloseTo(20000, 1);

    [Fact]
    public void Where_bytes_cost_more_than_reads_no_gap_is_worth_it() =>
        new ReadCost([new(4096, 1), new(8192, 5), new(16384, 20)]).BreakEvenGapBytes(4096).Should().Be(0);

    // A read takes 16 us and a microsecond for each 1000 bytes: 985 MB/s at 1 MiB, of which 80% is 788. n / (16 + n / 1000) = 788
    // for n near 59400.
    [Fact]
    public void The_knee_lies_between_the_points_where_bandwidth_passes_its_share()
    {
        IEnumerable<long> sizes = Enumerable.Range(12, 9).Select(shift => 1L << shift);
        ReadCost cost = new([.. sizes.Select(bytes => new ReadCostPoint(bytes, 16 + (bytes / 1000.0)))]);
        long knee = cost.KneeBytes();
        knee.Should().BeInRange(59_000, 60_000);
        (knee / cost.MicrosOf(knee)).Should().BeApproximately(0.8 * cost.BytesPerMicroMax, 0.1);
        cost.KneeBytes(share: 1).Should().Be(1 << 20);
    }

    [Fact]
    public void The_knee_of_a_device_that_has_its_bandwidth_from_the_first_size_is_that_size() =>
        new ReadCost([new(4096, 4), new(8192, 8), new(16384, 16)]).KneeBytes().Should().Be(4096);

    [Fact]
    public void The_knee_is_the_first_where_bandwidth_sags_again() =>
        new ReadCost([new(4096, 7.9), new(8192, 8), new(16384, 30)]).KneeBytes(share: 1).Should().Be(8192);

    public static TheoryData<string, ReadCostPoint[]> Flawed => new()
    {
        { "at least two sizes are needed, there are 0", [] },
        { "at least two sizes are needed, there are 1", [new(4096, 1)] },
        { "a read of 0 bytes", [new(0, 1), new(4096, 2)] },
        { "a read of 4096 bytes costs 0 us", [new(4096, 0), new(8192, 2)] },
        { "a read of 8192 bytes costs NaN us", [new(4096, 1), new(8192, double.NaN)] },
        { "a read of 8192 bytes costs Infinity us", [new(4096, 1), new(8192, double.PositiveInfinity)] },
        { "a read of 8192 bytes costs 1E+300 us", [new(4096, 1), new(8192, 1e300)] },
        { "a read of 9223372036854775807 bytes", [new(4096, 1), new(long.MaxValue, 2)] },
        { "sizes must ascend, 4096 follows 4096", [new(4096, 1), new(4096, 2)] },
        { "a read of 8192 bytes costs 1 us, less than the 2 us of 4096 bytes", [new(4096, 2), new(8192, 1)] },
        { "the two largest sizes cost the same, as if bandwidth had no limit", [new(4096, 1), new(8192, 2), new(16384, 2)] },
    };

    [Theory]
    [MemberData(nameof(Flawed))]
    public void Points_that_are_no_curve_are_refused_by_their_flaw(string flaw, ReadCostPoint[] points)
    {
        ReadCost.Flaw(points).Should().Be(flaw);
        Action act = () => _ = new ReadCost(points);
        act.Should().Throw<ArgumentException>().WithMessage($"{flaw}*");
    }

    [Fact]
    public void Flat_stretches_before_the_last_points_are_a_curve() =>
        ReadCost.Flaw([new(512, 8), new(4096, 8), new(8192, 9)]).Should().BeNull();
}
