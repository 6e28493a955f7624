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
        IEnumerable<ProbeMeasurement> measured = Random("threads", (1, 20), (4, 20.5));
        IEnumerable<ProbeMeasurement> withSlowLong = measured.Select(m => IsLong(m.Cell) ? m with { Micros = 1e6 } : m);
        ProbeAnalysis.Of([.. withSlowLong]).QueueDepth.Should().Be(1);

        static bool IsLong(ProbeCell cell) => cell is { Bytes: 1 << 20, QueueDepth: 1 };
    }

    [Fact]
    public void Sequential_reads_do_not_decide()
    {
        ProbeAnalysis analysis = ProbeAnalysis.Of([
            .. Random("threads", (1, 20), (4, 10)),
            .. Random("threads", (1, 1), (4, 5)).Select(Sequential),
        ]);
        (analysis.QueueDepth, analysis.Cost.MicrosOf(4096)).Should().Be((4, 10));
    }

    [Theory]
    [InlineData(20, 20, 10, "threads")]
    [InlineData(20, 18.5, 10, "threads")]
    [InlineData(20, 18.1, 10, "io_uring")]
    [InlineData(20, 18.1, 30, "io_uring")]
    [InlineData(20, 20, 7.6, "threads")]
    [InlineData(20, 20, 7.4, "io_uring")]
    [InlineData(20, 21.9, 7.4, "io_uring")]
    [InlineData(20, 22.1, 1, "threads")]
    public void Io_uring_is_advised_if_it_is_clearly_faster_or_as_fast_for_clearly_less_processor_time(
        double threads, double uring, double processor, string advised)
    {
        ProbeAnalysis analysis = ProbeAnalysis.Of([
            .. Random("threads", (1, 100), (32, threads)),
            .. Random("io_uring", (1, 100), (32, uring)).Select(m => m with { ProcessorMicros = processor }),
        ]);
        analysis.IoMethod.Should().Be(advised);
        analysis.Cost.MicrosOf(4096).Should().Be(advised == "threads" ? threads : uring);
    }

    [Fact]
    public void Each_method_is_judged_at_its_own_best_depth()
    {
        ProbeAnalysis analysis = ProbeAnalysis.Of([.. Random("threads", (4, 20), (16, 40)), .. Random("io_uring", (4, 40), (16, 10))]);
        (analysis.IoMethod, analysis.QueueDepth).Should().Be(("io_uring", 16));
        analysis = ProbeAnalysis.Of([.. Random("threads", (4, 10), (16, 40)), .. Random("io_uring", (4, 40), (16, 20))]);
        (analysis.IoMethod, analysis.QueueDepth).Should().Be(("threads", 4));
    }

    [Fact]
    public void Small_random_reads_are_summarized_by_method_and_depth()
    {
        IReadOnlyList<SmallReads> summaries = ProbeAnalysis.Summarize([
            .. Random("threads", (1, 100), (4, 25)),
            .. Random("io_uring", (4, 50)).Select(m => m with { ProcessorMicros = m.Cell.Bytes == 4096 ? 2 : 8 }),
            .. Random("io_uring", (4, 1)).Select(Sequential),
        ]);
        summaries.Select(s => (s.IoMethod, s.QueueDepth)).Should().Equal(("threads", 1), ("threads", 4), ("io_uring", 4));
        // 10000 and 5000 reads a second; those of 1 MiB are not small.
        summaries[0].ReadsPerSecond.Should().BeApproximately(Math.Sqrt(10_000.0 * 5000), 1e-6);
        summaries[1].ReadsPerSecond.Should().BeApproximately(4 * summaries[0].ReadsPerSecond, 1e-6);
        summaries[2].ProcessorMicros.Should().BeApproximately(4, 1e-9);
    }

    [Fact]
    public void A_cost_that_falls_is_raised_to_the_highest_before_it() =>
        Curve((4096, 20), (8192, 30), (16384, 25), (32768, 28), (65536, 80))
            .Should().Equal((4096, 20), (8192, 30), (16384, 30), (32768, 30), (65536, 80));

    [Fact]
    public void Sizes_before_the_largest_that_cost_no_less_are_dropped() =>
        Curve((4096, 20), (8192, 50), (16384, 60), (32768, 55)).Should().Equal((4096, 20), (8192, 50), (32768, 60));

    [Fact]
    public void Measurements_in_which_nothing_rises_are_refused()
    {
        Action curve = () => Curve((4096, 20), (8192, 19), (16384, 20));
        curve.Should().Throw<NeuralinkException>().WithMessage("*longer reads to cost more*--time*");
    }

    [Fact]
    public void Bursts_that_are_noise_tell_nothing()
    {
        ProbeMeasurement[] noise =
        [
            .. from size in new[] { 4096, 16384 }
               from reads in new[] { 1, ProbeAnalysis.BurstReads }
               select new ProbeMeasurement(new ProbeCell("threads", AccessPattern.Burst, size, reads), 4096.0 / size, ProcessorMicros: 0),
        ];
        BurstCost.Of(noise).Should().BeNull();
        BurstCost.Of([]).Should().BeNull();
    }

    [Fact]
    public void Bursts_tell_what_the_first_read_takes_and_what_each_more_adds()
    {
        ProbeMeasurement[] bursts =
        [
            .. from size in new[] { 4096, 16384 }
               from reads in new[] { 1, ProbeAnalysis.BurstReads }
               select new ProbeMeasurement(
                   new ProbeCell("threads", AccessPattern.Burst, size, reads),
                   (100 + (size / 4096) + ((reads - 1) * (10 + (size / 1024)))) / (double)reads, ProcessorMicros: 0),
        ];
        BurstCost cost = BurstCost.Of(bursts)!;
        cost.First.MicrosOf(4096).Should().BeApproximately(101, 1e-9);
        cost.Next.MicrosOf(4096).Should().BeApproximately(14, 1e-9);
        cost.Next.MicrosOf(16384).Should().BeApproximately(26, 1e-9);
    }

    private static IEnumerable<(long Bytes, double Micros)> Curve(params (long Bytes, double Micros)[] points)
    {
        ReadCost cost = ProbeAnalysis.Curve(points.Select(p => new ReadCostPoint(p.Bytes, p.Micros)).Reverse());
        return cost.Points.Select(p => (p.Bytes, p.Micros));
    }

    private static ProbeMeasurement Sequential(ProbeMeasurement measurement) =>
        measurement with { Cell = measurement.Cell with { Pattern = AccessPattern.Sequential } };

    // Random reads of three sizes at each depth. The given cost is that of the smallest; the others cost 2 and 10 times as much.
    private static IEnumerable<ProbeMeasurement> Random(string method, params (int QueueDepth, double Micros)[] depths) =>
        from depth in depths
        from size in ((int Bytes, int Times)[])[(4096, 1), (65536, 2), (1 << 20, 10)]
        let cell = new ProbeCell(method, AccessPattern.Random, size.Bytes, depth.QueueDepth)
        select new ProbeMeasurement(cell, depth.Micros * size.Times, ProcessorMicros: 10);
}
