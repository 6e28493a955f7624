using Neuralink.Placement.Reads;

namespace Neuralink.Placement.Tests.Reads;

/// <summary>Simulates devices with a clock of their own. A bundle is 1000 bytes, and each interval wants 100 of them.</summary>
public sealed class BottleneckDetectorTests
{
    private const double Ceiling = 1000;

    // The 100 bundles take 60 reads, or 20 reads of 20 bundles each.
    private static readonly Interval s_plain = new(Reads: 60, Bytes: 100_000), s_bridged = new(Reads: 20, Bytes: 400_000);

    [Fact]
    public void Bound_by_its_reads_a_device_is_left_alone()
    {
        // A read takes 100 us and 1 us for each 1000 bytes. Bridged that is 2400 us at 167 bytes/us; plain, 6100 us.
        Course course = Run(Ceiling, 3, _ => Sum(100));
        course.Switches.Should().Be(0);
    }

    [Fact]
    public void Bound_by_bandwidth_it_stops_bridging_soon_and_for_good()
    {
        // Bridged, an interval takes 400 us, at the ceiling; plain, 120 us, at 833 bytes/us.
        Course course = Run(Ceiling, 60, _ => Larger(2));
        course.Switches.Should().Be(9, "to and fro for four comparisons, and then for good");
        course.FirstSwitchMicros.Should().BeLessThan(3 * BottleneckDetector.WindowMicros);
    }

    // Plain, an interval takes 240 us at 417 bytes/us: the bandwidth is low, and yet this is the better way.
    [Fact]
    public void That_bandwidth_falls_without_bridges_brings_them_back_for_trials_alone()
    {
        Course course = Run(Ceiling, 60, _ => Larger(4));
        course.BridgingShare.Should().BeLessThan(0.03);
        course.BridgesAtTheEnd.Should().BeFalse();
        course.Switches.Should().BeInRange(3, 35, "each trial waits twice as long as the one before, up to a limit");
    }

    // Bridged, an interval takes 400 us, at the ceiling. Plain, the number of reads limits it to 600 us.
    [Fact]
    public void At_the_ceiling_it_still_bridges_where_that_brings_more()
    {
        Course course = Run(Ceiling, 60, _ => Larger(10));
        course.BridgingShare.Should().BeGreaterThan(0.97);
        course.BridgesAtTheEnd.Should().BeTrue();
        course.Switches.Should().BeInRange(2, 35);
    }

    [Theory]
    [InlineData(0.01)]
    [InlineData(0.25)]
    [InlineData(4)]
    [InlineData(100)]
    public void A_wrong_ceiling_is_found_out(double times)
    {
        Course boundByBandwidth = Run(times * Ceiling, 60, _ => Larger(2));
        boundByBandwidth.Should().Match<Course>(c => c.BridgingShare < 0.4 && !c.BridgesAtTheEnd);
        Course boundByReads = Run(times * Ceiling, 60, _ => Sum(100));
        boundByReads.Should().Match<Course>(c => c.BridgingShare > 0.95 && c.BridgesAtTheEnd);
    }

    [Fact]
    public void It_bridges_again_once_reads_are_what_is_slow_and_stops_again_once_they_are_not()
    {
        double[] ends = [20, 40, 60];
        ends.Select(seconds => Run(Ceiling, seconds, DeviceAt).BridgesAtTheEnd).Should().Equal(false, true, false);

        static Func<Interval, double> DeviceAt(double micros) => micros is > 20e6 and < 40e6 ? Sum(100) : Larger(2);
    }

    // Both ways cost 400 us but for chance, so that switching gains nothing.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Chance_does_not_make_it_switch_to_and_fro(int seed)
    {
        Random random = new(seed);
        Course course = Run(Ceiling, 60, _ => interval => Larger(6.67)(interval) * (0.5 + random.NextDouble()));
        course.Switches.Should().BeLessThan(140, "there are 1200 windows, and a trial of 4 comparisons takes 8 switches");
    }

    [Fact]
    public void Nothing_is_decided_before_a_window_of_busy_time_is_over()
    {
        BottleneckDetector detector = new(Ceiling);
        for (double micros = 0; micros < BottleneckDetector.WindowMicros - 1000; micros += 400)
            detector.Record(400_000, 100, 400);
        detector.Record(400_000, 100, 0);
        detector.IsBandwidthBound.Should().BeFalse();
        Action back = () => detector.Record(1, 1, -1);
        back.Should().Throw<ArgumentOutOfRangeException>();
    }

    // Bridged, an interval takes 400 us and plain 240, but for chance, which changes either by more than that.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void What_pays_is_found_however_much_windows_differ(int seed)
    {
        Random random = new(seed);
        Course course = Run(Ceiling, 60, _ => interval => Larger(4)(interval) * (0.2 + (1.6 * random.NextDouble())));
        course.BridgesAtTheEnd.Should().BeFalse();
        course.BridgingShare.Should().BeLessThan(0.1);
    }

    /// <summary>A device whose time is the sum of what the reads take and of what their bytes take.</summary>
    private static Func<Interval, double> Sum(double readMicros) => interval => (readMicros * interval.Reads) + (interval.Bytes / Ceiling);

    /// <summary>A device whose time is the larger of the two.</summary>
    private static Func<Interval, double> Larger(double readMicros) =>
        interval => Math.Max(readMicros * interval.Reads, interval.Bytes / Ceiling);

    private static Course Run(double ceiling, double seconds, Func<double, Func<Interval, double>> deviceAt)
    {
        BottleneckDetector detector = new(ceiling);
        double now = 0, bridging = 0, first = double.PositiveInfinity;
        int switches = 0;
        while (now < seconds * 1e6)
        {
            bool plain = detector.IsBandwidthBound;
            Interval interval = plain ? s_plain : s_bridged;
            double micros = deviceAt(now)(interval);
            detector.Record(interval.Bytes, 100, micros);
            now += micros;
            bridging += plain ? 0 : micros;
            if (detector.IsBandwidthBound == plain)
                continue;
            switches++;
            first = Math.Min(first, now);
        }
        return new Course(switches, first, bridging / now, !detector.IsBandwidthBound);
    }

    private sealed record Interval(int Reads, long Bytes);

    private sealed record Course(int Switches, double FirstSwitchMicros, double BridgingShare, bool BridgesAtTheEnd);
}
