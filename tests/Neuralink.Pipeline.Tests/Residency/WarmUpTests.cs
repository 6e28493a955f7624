using Neuralink.Pipeline.Fetching;
using Neuralink.Pipeline.Metrics;
using Neuralink.Pipeline.Residency;
using Neuralink.Placement;
using Neuralink.Placement.Caching;

namespace Neuralink.Pipeline.Tests.Residency;

/// <summary>Filling an empty cache before anybody asks, with two layers of 40 neurons in their own order.</summary>
public sealed class WarmUpTests
{
    private const int LayerCount = 2, NeuronCount = 40;

    private static readonly NeuronKeys s_keys = new(LayerCount, NeuronCount);

    private readonly LayerCounters _counts = new(LayerCount);
    private readonly RecordingEffects _effects = new();

    [Fact]
    public void An_idle_engine_reads_every_layer_in_the_order_on_flash_and_is_warm_then()
    {
        ResidencyMachine machine = Machine(s_keys.Count, WarmUpPlan.Everything(s_keys, batchSlots: 16));
        machine.WarmUp();
        _effects.Fetched.Select(b => (b.Layer.Value, b.Slots[0].Value, b.Count))
            .Should().Equal((0, 0, 16), (0, 16, 16), (0, 32, 8), (1, 0, 16), (1, 16, 16), (1, 32, 8));
        _effects.Fetched.Should().OnlyContain(b => b.Kind == FetchKind.WarmUp);
        foreach (FetchBatch batch in _effects.TakeFetched())
        {
            _effects.TimesWarm.Should().Be(0);
            machine.Fetched(batch);
        }
        _effects.TimesWarm.Should().Be(1);
        Cache.CachedCount.Should().Be(s_keys.Count);
        _counts[Counter.WarmedUp].Should().Be(s_keys.Count);
        machine.Needed(new(1), new(0), RecordingEffects.Neurons(3, 7, 39));
        _effects.Lease!.Hits.Length.Should().Be(3);
        _effects.Fetched.Should().BeEmpty();
    }

    [Fact]
    public void No_more_than_sixteen_batches_are_out()
    {
        ResidencyMachine machine = Machine(s_keys.Count, WarmUpPlan.Everything(s_keys, batchSlots: 1));
        machine.WarmUp();
        FetchBatch[] first = _effects.TakeFetched();
        first.Should().HaveCount(16);
        machine.Fetched(first[0]);
        _effects.Fetched.Should().ContainSingle().Which.Slots[0].Value.Should().Be(16);
    }

    [Fact]
    public void What_there_is_no_room_for_and_what_is_not_worth_it_is_left_out()
    {
        WarmUpPlan plan = WarmUpPlan.Everything(s_keys, batchSlots: 16);
        for (int key = 0; key < s_keys.Count; key += 2)
            plan.Keys[key] = false;
        ResidencyMachine machine = Machine(cachedMax: 25, plan);
        machine.WarmUp();
        FetchBatch[] batches = _effects.TakeFetched();
        batches.Sum(b => b.Count).Should().Be(25);
        batches[0].Slots.ToArray().Select(s => s.Value).Should().Equal(Enumerable.Range(0, 16).Select(i => (2 * i) + 1));
        foreach (FetchBatch batch in batches)
            machine.Fetched(batch);
        (_effects.TimesWarm, Cache.CachedCount).Should().Be((1, 25));
        Cache.CheckInvariants();
    }

    [Fact]
    public void Without_a_plan_nothing_is_read()
    {
        Machine(s_keys.Count, plan: null).WarmUp();
        (_effects.Fetched.Count, _effects.TimesWarm).Should().Be((0, 1));
    }

    [Fact]
    public void A_layer_that_waits_for_what_is_on_its_way_has_it_hastened_and_reads_nothing_twice()
    {
        ResidencyMachine machine = Machine(s_keys.Count, WarmUpPlan.Everything(s_keys, batchSlots: 16));
        machine.WarmUp();
        FetchBatch[] batches = _effects.TakeFetched();
        machine.Needed(new(1), new(0), RecordingEffects.Neurons(17));
        _effects.Hastened.Should().Equal(batches[1]);
        _effects.Fetched.Should().BeEmpty();
        _effects.Arrivals.Should().BeEmpty();
        machine.Fetched(batches[1]);
        _effects.Arrivals.Should().ContainSingle();
        (_counts[Counter.WarmUpLate], _counts[Counter.DemandMisses]).Should().Be((1, 0));
        Cache.CheckInvariants();
    }

    [Fact]
    public void A_layer_before_its_turn_is_read_as_always()
    {
        ResidencyMachine machine = Machine(s_keys.Count, WarmUpPlan.Everything(s_keys, batchSlots: 1));
        machine.WarmUp();      // 16 neurons of the first layer are on their way
        _effects.TakeFetched();
        machine.Needed(new(1), new(1), RecordingEffects.Neurons(3, 4));
        FetchBatch misses = _effects.TakeFetched().Should().ContainSingle().Subject;
        (misses.Kind, misses.Count).Should().Be((FetchKind.Demand, 2));
        machine.Fetched(misses);
        machine.Returned(new(1));
        Cache.CheckInvariants();
    }

    [Fact]
    public void What_fails_is_read_again_only_where_a_layer_waits_for_it()
    {
        ResidencyMachine machine = Machine(s_keys.Count, WarmUpPlan.Everything(s_keys, batchSlots: 16));
        machine.WarmUp();
        FetchBatch[] batches = _effects.TakeFetched();
        machine.FetchFailed(batches[0], new IOException("a bad sector"));
        _effects.Fetched.Should().BeEmpty();
        machine.Needed(new(1), new(0), RecordingEffects.Neurons(17, 19));
        machine.FetchFailed(batches[1], new IOException("a bad sector"));
        FetchBatch again = _effects.TakeFetched().Should().ContainSingle().Subject;
        (again.Kind, again.Count).Should().Be((FetchKind.Demand, 2));
        _effects.Failures.Should().BeEmpty();
        machine.Fetched(again);
        _effects.Arrivals.Should().ContainSingle();
        Cache.CheckInvariants();
        foreach (FetchBatch batch in batches[2..])
            machine.Fetched(batch);
        _effects.TimesWarm.Should().Be(1, "a bad sector holds nothing up");
    }

    [Fact]
    public void While_a_pass_is_dropped_nothing_is_begun_and_then_it_goes_on()
    {
        ResidencyMachine machine = Machine(s_keys.Count, WarmUpPlan.Everything(s_keys, batchSlots: 1));
        machine.WarmUp();
        FetchBatch[] batches = _effects.TakeFetched();
        machine.Abandon(new(1));
        foreach (FetchBatch batch in batches[1..])
            machine.Fetched(batch);
        (_effects.Fetched.Count, _effects.TimesReturned).Should().Be((0, 0));
        machine.Fetched(batches[0]);
        (_effects.Fetched.Count, _effects.TimesReturned).Should().Be((16, 1));
    }

    private CacheState Cache { get; set; } = null!;

    private ResidencyMachine Machine(int cachedMax, WarmUpPlan? plan)
    {
        CacheLimits limits = new(cachedMax, LeasedMax: NeuronCount, PrefetchedMax: 0);
        LfuPolicy policy = new(s_keys.Count, cachedMax, new CacheOptions());
        Cache = new CacheState(limits, s_keys, policy, new LookaheadGate(LayerCount, 0), _counts, plan);
        ResidencySetup setup = new()
        {
            Limits = limits,
            Strategy = StrategySwitches.Of(ExecutionStrategy.Serial),
            LayerCount = LayerCount,
            PlacementOf = _ => Permutation.Identity(NeuronCount),
        };
        return new ResidencyMachine(Cache, setup, _effects);
    }
}
