using Neuralink.Placement.Cost;
using Neuralink.Storage.Profiles;

namespace Neuralink.Storage.Tests.Profiles;

public sealed class ProbeAnalysisTests
{
    [Fact]
    public void The_shallowest_depth_within_a_tenth_of_the_best_is_advised_and_the_cost_is_of_that_depth()
    {
        ProbeAnalysis analysis = ProbeAnalysis.Of([.. Random("threads", (1, 100), (4, 30), (16, 21), (32, 20))]);
        analysis.QueueDepth.Should().Be(16);
        analysis.IoMethod.Should().Be("threads");
        analysis.Cost.Points.Should().Equal(new ReadCostPoint(4096, 21), new ReadCostPoint(65536, 42), new ReadCostPoint(1 << 20, 210));
    }

    [Fact]
    public void A_depth_that_brings_a_tenth_and_more_is_advised() =>
        ProbeAnalysis.Of([.. Random("threads", (1, 100), (4, 30), (16, 23), (32, 20))]).QueueDepth.Should().Be(32);

    [Fact]
    public void A_deeper_queue_that_is_slower_is_not_advised() =>
        ProbeAnalysis.Of([.. Random("threads", (1, 100), (4, 20), (16, 40), (32, 50))]).QueueDepth.Should().Be(4);

    [Fact]
    public void Long_reads_do_not_decide()
    {
        IEnumerable<ProbeMeasurement> measured = Random("threads", (1, 20), (4, 20.5)).Select(m => m.Cell is { Bytes: 1 << 20, QueueDepth: 1 } ? m with { Micros = 1e6 } : m);
        ProbeAnalysis.Of([.. measured]).QueueDepth.Should().Be(1);
    }

    [Fact]
    public void Sequential_reads_do_not_decide()
    {
        IEnumerable<ProbeMeasurement> random = Random("threads", (1, 20), (4, 10));
        IEnumerable<ProbeMeasurement> sequential = Random("threads", (1, 1), (4, 5)).Select(m => m with { Cell = m.Cell with { Pattern = AccessPattern.Sequential } });
        ProbeAnalysis analysis = ProbeAnalysis.Of([.. random, .. sequential]);
        (analysis.QueueDepth, analysis.Cost.MicrosOf(4096)).Should().Be((4, 10));
    }

    [Theory]
    [InlineData(20, 19, "io_uring")]
    [InlineData(19, 20, "threads")]
    [InlineData(20, 20, "threads")]
    public void The_method_of_more_reads_a_second_is_advised_and_the_first_of_equals(double threads, double uring, string advised)
    {
        ProbeAnalysis analysis = ProbeAnalysis.Of([.. Random("threads", (1, 100), (32, threads)), .. Random("io_uring", (1, 100), (32, uring))]);
        analysis.IoMethod.Should().Be(advised);
        analysis.Cost.MicrosOf(4096).Should().Be(Math.Min(threads, uring));
    }

    [Fact]
    public void What_depth_brings_is_against_the_shallowest()
    {
        IReadOnlyList<(int QueueDepth, double Speedup)> speedups = ProbeAnalysis.Speedups(Random("threads", (4, 25), (1, 100)));
        speedups.Select(s => s.QueueDepth).Should().Equal(1, 4);
        speedups[0].Speedup.Should().Be(1);
        speedups[1].Speedup.Should().BeApproximately(4, 1e-9);
    }

    [Fact]
    public void A_cost_that_falls_is_raised_to_the_highest_before_it() =>
        Curve((4096, 20), (8192, 30), (16384, 25), (32768, 28), (65536, 80)).Should().Equal(
            new ReadCostPoint(4096, 20), new ReadCostPoint(8192, 30), new ReadCostPoint(16384, 30), new ReadCostPoint(32768, 30), new ReadCostPoint(65536, 80));

    [Fact]
    public void Sizes_before_the_largest_that_cost_no_less_are_dropped() =>
        Curve((4096, 20), (8192, 50), (16384, 60), (32768, 55)).Should().Equal(new ReadCostPoint(4096, 20), new ReadCostPoint(8192, 50), new ReadCostPoint(32768, 60));

    [Fact]
    public void Measurements_in_which_nothing_rises_are_refused() =>
        FluentActions.Invoking(() => Curve((4096, 20), (8192, 19), (16384, 20))).Should().Throw<NeuralinkException>().WithMessage("*longer reads to cost more*--time*");

    private static IEnumerable<ReadCostPoint> Curve(params (long Bytes, double Micros)[] points) =>
        ProbeAnalysis.Curve(points.Select(p => new ReadCostPoint(p.Bytes, p.Micros)).Reverse()).Points;

    // Three sizes, of which each depth's cost is that of the smallest times 1, 2 and 10.
    private static IEnumerable<ProbeMeasurement> Random(string method, params (int QueueDepth, double Micros)[] depths) =>
        from depth in depths
        from size in ((int Bytes, int Times)[])[(4096, 1), (65536, 2), (1 << 20, 10)]
        select new ProbeMeasurement(new ProbeCell(method, AccessPattern.Random, size.Bytes, depth.QueueDepth), depth.Micros * size.Times);
}
