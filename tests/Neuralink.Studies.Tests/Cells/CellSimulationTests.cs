using Neuralink.Placement.Caching;
using Neuralink.Placement.Ordering;
using Neuralink.Storage;
using Neuralink.Studies.Cells;
using Neuralink.Studies.Devices;
using Neuralink.Studies.Workloads;

namespace Neuralink.Studies.Tests.Cells;

/// <summary>Simulated cells: what differs between them is what their data say.</summary>
public sealed class CellSimulationTests
{
    private static readonly CellSimulation s_cells = new(
        new StudyWorkloads(layersMax: 3, trainingTokens: 256), _ => DeviceModels.Find("nvme"), TimeProvider.System);

    private static readonly StudyCell s_cell = new()
    {
        Model = "tiny-opt",
        Device = "ufs-4.0",
        Computing = "8-gen3",
        Strategy = ExecutionStrategy.Serial,
        Tokens = 24,
    };

    [Fact]
    public void A_cell_gives_the_same_result_every_time()
    {
        CellResult first = Run(s_cell with { Strategy = ExecutionStrategy.PrefetchCluster });
        CellResult again = new CellSimulation(
            new StudyWorkloads(layersMax: 3, trainingTokens: 256), _ => DeviceModels.Find("nvme"), TimeProvider.System)
            .Run(s_cell with { Strategy = ExecutionStrategy.PrefetchCluster }, CancellationToken.None);
        again.Should().BeEquivalentTo(first);
    }

    [Fact]
    public void The_parts_of_a_token_add_up()
    {
        foreach (ExecutionStrategy strategy in Enum.GetValues<ExecutionStrategy>())
        {
            CellResult result = Run(s_cell with { Strategy = strategy });
            double parts = result.AttentionMillis + result.PredictorMillis + result.LookaheadMillis + result.FfnMillis
                + result.OverheadMillis + result.WaitMillis;
            parts.Should().BeApproximately(result.TokenMillis, 1e-6, $"of {strategy}");
            result.WorstTokenMillis.Should().BeGreaterThanOrEqualTo(result.TokenMillis);
            result.Bytes.Should().BePositive();
        }
    }

    [Fact]
    public void A_larger_cache_hits_more_and_none_hits_nothing()
    {
        double[] hits = [.. new[] { 0, 0.1, 0.4, 1 }.Select(share => Run(s_cell with { CacheShare = share }).HitRate)];
        hits.Should().BeInAscendingOrder().And.StartWith(0);
        hits[^1].Should().BeGreaterThan(0.7, "what fits is read once");
    }

    [Fact]
    public void Below_the_demand_of_a_token_lru_hits_nothing()
    {
        StudyCell lru = s_cell with { CachePolicy = CachePolicyKind.Lru, CacheShare = 0.04 };
        CellResult below = Run(lru), above = Run(lru with { CacheShare = 0.3 });
        (below.DemandBytes / (3 * 1024 * 1536)).Should().BeGreaterThan(0.04);
        below.HitRate.Should().BeLessThan(0.05);
        above.HitRate.Should().BeGreaterThan(0.3);
    }

    [Fact]
    public void A_lookahead_that_knows_all_leaves_no_demand_misses_after_the_first_layers()
    {
        CellResult known = Run(s_cell with
        {
            Strategy = ExecutionStrategy.Prefetch,
            LookaheadRecall = 1,
            LookaheadPrecision = 1,
        });
        known.DemandMisses.Should().BeLessThan(1, "only what is evicted between the two is missed");
        known.AheadWasted.Should().Be(0);
        known.WaitMillis.Should().BeLessThan(Run(s_cell).WaitMillis);
    }

    [Fact]
    public void Computing_that_is_scaled_takes_as_many_times_longer()
    {
        CellResult once = Run(s_cell), twice = Run(s_cell with { ComputeScale = 2 });
        twice.AttentionMillis.Should().BeApproximately(2 * once.AttentionMillis, 0.01 * once.AttentionMillis);
        twice.Reads.Should().Be(once.Reads);
    }

    [Fact]
    public void Orders_by_coactivation_cost_fewer_reads()
    {
        double identity = Run(s_cell with { Placement = PlacementMethod.Identity }).Reads;
        Run(s_cell with { Placement = PlacementMethod.Neuralink }).Reads.Should().BeLessThan(0.9 * identity);
    }

    [Fact]
    public void The_timeline_is_of_one_token_and_nothing_in_a_lane_overlaps()
    {
        CellTimeline timeline = Run(s_cell with { Strategy = ExecutionStrategy.PrefetchCluster, LookaheadPrecision = 1 }).Timeline!;
        foreach (IGrouping<TimelineLane, TimelineSpan> lane in timeline.Spans.GroupBy(span => span.Lane))
        {
            double end = 0;
            foreach (TimelineSpan span in lane)
            {
                span.StartMicros.Should().BeGreaterThanOrEqualTo(end - 1e-6);
                span.EndMicros.Should().BeGreaterThan(span.StartMicros);
                end = span.EndMicros;
            }
        }
        double computed = timeline.Spans.Where(s => s.Lane == TimelineLane.Computing).Max(s => s.EndMicros);
        computed.Should().BeLessThanOrEqualTo(timeline.TotalMicros + 1);
        timeline.Spans.Should().Contain(s => s.What == "ahead").And.Contain(s => s.What == "attention");
    }

    [Theory]
    [InlineData("gpt-9", "ufs-4.0", "8-gen3", "*expected a shape (*opt-6.7b*) or a flash image, found neither*")]
    [InlineData("tiny-opt", "floppy", "8-gen3", "*expected ufs-4.0, ufs-3.1, nvme, microsd, this or the path of a *, found 'floppy'*")]
    [InlineData("tiny-opt", "nvme", "abacus", "*expected 8plus-gen1, 8-gen3, pi-5 or this, found 'abacus'*")]
    public void What_is_not_there_is_refused_with_what_there_is(string model, string device, string computing, string message)
    {
        Action run = () => Run(s_cell with { Model = model, Device = device, Computing = computing });
        run.Should().Throw<NeuralinkException>().WithMessage(message);
    }

    private static CellResult Run(StudyCell cell) => s_cells.Run(cell, CancellationToken.None);
}
