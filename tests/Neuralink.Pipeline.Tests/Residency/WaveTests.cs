using Neuralink.Pipeline.Fetching;
using Neuralink.Pipeline.Metrics;
using Neuralink.Pipeline.Residency;
using Neuralink.Placement;
using Neuralink.Placement.Caching;

namespace Neuralink.Pipeline.Tests.Residency;

/// <summary>A layer that wants more neurons than may be leased: one layer of 40 neurons in their own order, 8 frames for leases.</summary>
public sealed class WaveTests
{
    private const int NeuronCount = 40, LeasedMax = 8;

    private readonly LayerCounters _counts = new(1);
    private readonly RecordingEffects _effects = new();

    [Theory]
    [InlineData(0, 0, 8, 0)]
    [InlineData(8, 0, 8, 8)]
    [InlineData(9, 0, 8, 4)]
    [InlineData(9, 0, 7, 4)]
    [InlineData(9, 4, 8, 4)]
    [InlineData(9, 4, 7, 3)]
    [InlineData(2, 4, 8, 2)]
    [InlineData(9, 0, 1, 1)]
    public void A_wave_is_all_that_fits_or_half_of_what_may_be_leased(int left, int leased, int leasedMax, int expected) =>
        new CacheLimits(0, leasedMax, 0).WaveOf(left, leased).Should().Be(expected);

    [Fact]
    public void What_fits_comes_in_one_wave()
    {
        ResidencyMachine machine = Machine(ExecutionStrategy.Serial);
        machine.Needed(new(1), new(0), RecordingEffects.Neurons(1, 3, 5, 7, 9, 11, 13, 15));
        _effects.Fetched.Should().ContainSingle().Which.Count.Should().Be(8);
        _effects.Lease!.IsLastWave.Should().BeTrue();
    }

    [Theory]
    [InlineData(ExecutionStrategy.Serial)]
    [InlineData(ExecutionStrategy.Prefetch)]
    [InlineData(ExecutionStrategy.LlmFlash)]
    public void Strategies_without_clusters_read_a_wave_of_all_frames_after_the_other(ExecutionStrategy strategy)
    {
        ResidencyMachine machine = Machine(strategy);
        machine.Needed(new(1), new(0), RecordingEffects.Neurons([.. Enumerable.Range(10, 10)]));
        FetchBatch first = _effects.TakeFetched().Should().ContainSingle().Subject;
        SlotsOf(first).Should().Equal(Enumerable.Range(10, 8));
        machine.Fetched(first);
        _effects.Fetched.Should().BeEmpty();
        machine.Returned(new(1));
        SlotsOf(_effects.TakeFetched().Should().ContainSingle().Subject).Should().Equal(18, 19);
        (_effects.Lease!.EarlierCount, _effects.Lease.IsLastWave).Should().Be((8, true));
    }

    [Fact]
    public void The_next_wave_is_read_while_one_is_computed()
    {
        ResidencyMachine machine = Machine(ExecutionStrategy.Cluster);
        machine.Needed(new(1), new(0), RecordingEffects.Neurons([.. Enumerable.Range(10, 10)]));
        FetchBatch[] fetched = _effects.TakeFetched();
        fetched.Select(SlotsOf).Should().BeEquivalentTo(
            [(int[])[10, 11, 12, 13], [14, 15, 16, 17]], options => options.WithStrictOrdering());
        fetched.Should().OnlyContain(batch => batch.IsDemand);
        machine.Fetched(fetched[0]);
        _effects.Arrivals.Should().ContainSingle().Which.Neurons.Should().Equal(10, 11, 12, 13);

        machine.Fetched(fetched[1]);
        _effects.Arrivals.Should().HaveCount(1, "Compute has not got that wave yet");
        machine.Returned(new(1));
        (_effects.Lease!.EarlierCount, _effects.Lease.IsLastWave, _effects.Lease.Rest.Length).Should().Be((4, false, 0));
        _effects.Hits.Should().Equal(14, 15, 16, 17);

        FetchBatch last = _effects.TakeFetched().Should().ContainSingle().Subject;
        SlotsOf(last).Should().Equal(18, 19);
        machine.Returned(new(1));
        _effects.Hits.Should().BeEmpty();
        machine.Fetched(last);
        _effects.Arrivals[^1].Neurons.Should().Equal(18, 19);
        (_effects.Lease.EarlierCount, _effects.Lease.IsLastWave).Should().Be((8, true));
        machine.Returned(new(1));
        (Cache.LeasedCount, _counts[Counter.DemandMisses], _counts[Counter.Wanted]).Should().Be((0, 10, 10));
        Cache.CheckInvariants();
    }

    [Fact]
    public void Clusters_that_came_before_their_wave_was_granted_are_hits_and_the_others_arrive()
    {
        ResidencyMachine machine = Machine(ExecutionStrategy.Cluster, leasedMax: 64, neuronCount: 200);
        machine.Needed(new(1), new(0), RecordingEffects.Neurons([.. Enumerable.Range(0, 100)]));
        FetchBatch[] fetched = _effects.TakeFetched();
        fetched.Select(batch => batch.Count).Should().Equal(16, 16, 16, 16);
        foreach (FetchBatch batch in (FetchBatch[])[fetched[3], fetched[1], fetched[0]])
            machine.Fetched(batch);
        machine.Returned(new(1));
        _effects.Hits.Should().Equal(Enumerable.Range(48, 16));
        machine.Fetched(fetched[2]);
        _effects.Arrivals[^1].Neurons.Should().Equal(Enumerable.Range(32, 16));
        _effects.Arrivals[^1].IsLast.Should().BeTrue();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_read_that_fails_in_either_wave_ends_the_pass_once(int failing)
    {
        ResidencyMachine machine = Machine(ExecutionStrategy.Cluster);
        machine.Needed(new(1), new(0), RecordingEffects.Neurons([.. Enumerable.Range(10, 10)]));
        FetchBatch[] fetched = _effects.TakeFetched();
        machine.FetchFailed(fetched[failing], new IOException("a bad sector"));
        _effects.Failures.Should().ContainSingle();
        machine.Abandon(new(1));
        _effects.TimesReturned.Should().Be(0, "a device may still write into the other wave's frames");
        machine.FetchFailed(fetched[1 - failing], new IOException("a bad sector"));
        (_effects.Failures.Count, _effects.TimesReturned, Cache.LeasedCount).Should().Be((1, 1, 0));
        Cache.CheckInvariants();
        machine.Needed(new(2), new(0), RecordingEffects.Neurons(1));
        machine.Fetched(_effects.TakeFetched().Single());
        _effects.Arrivals.Should().ContainSingle();
    }

    [Fact]
    public void A_wave_that_is_returned_after_the_next_has_failed_grants_nothing()
    {
        ResidencyMachine machine = Machine(ExecutionStrategy.Cluster);
        machine.Needed(new(1), new(0), RecordingEffects.Neurons([.. Enumerable.Range(10, 10)]));
        FetchBatch[] fetched = _effects.TakeFetched();
        machine.Fetched(fetched[0]);
        machine.FetchFailed(fetched[1], new IOException("a bad sector"));
        FrameLease granted = _effects.Lease!;
        machine.Returned(new(1));
        _effects.Lease.Should().BeSameAs(granted);
        machine.Abandon(new(1));
        (_effects.TimesReturned, Cache.LeasedCount).Should().Be((1, 0));
        Cache.CheckInvariants();
    }

    private CacheState Cache { get; set; } = null!;

    private ResidencyMachine Machine(ExecutionStrategy strategy, int leasedMax = LeasedMax, int neuronCount = NeuronCount)
    {
        CacheLimits limits = new(CachedMax: 4, leasedMax, PrefetchedMax: 0);
        NeuronKeys keys = new(1, neuronCount);
        LfuPolicy policy = new(keys.Count, limits.CachedMax, new CacheOptions());
        Cache = new CacheState(limits, keys, policy, new LookaheadGate(1, 0), _counts);
        ResidencySetup setup = new()
        {
            Limits = limits,
            Strategy = StrategySwitches.Of(strategy),
            LayerCount = 1,
            PlacementOf = _ => Permutation.Identity(neuronCount),
        };
        return new ResidencyMachine(Cache, setup, _effects);
    }

    private static int[] SlotsOf(FetchBatch batch) => [.. batch.Slots.ToArray().Select(slot => slot.Value)];
}
