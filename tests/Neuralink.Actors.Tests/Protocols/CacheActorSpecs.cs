using Akka.Actor;
using Akka.TestKit;
using Neuralink.Actors.Cache;
using Neuralink.Actors.Protocols;
using Neuralink.Pipeline.Compute;
using Neuralink.Pipeline.Fetching;
using Neuralink.Pipeline.Metrics;
using Neuralink.Pipeline.Prediction;
using Neuralink.Pipeline.Residency;
using Neuralink.Placement;
using Neuralink.Placement.Caching;

namespace Neuralink.Actors.Tests.Protocols;

/// <summary>The Cache between Predictor, Compute and Io.</summary>
public sealed class CacheActorSpecs : ProtocolSpecs
{
    private readonly NeuronSetPool _sets = new(NeuronCount);
    private readonly CacheState _state;
    private readonly TestProbe _compute, _io;
    private readonly IActorRef _cache;

    public CacheActorSpecs()
    {
        (_compute, _io) = (CreateTestProbe(), CreateTestProbe());
        NeuronKeys keys = new(LayerCount, NeuronCount);
        CacheLimits limits = new(CachedMax: keys.Count, LeasedMax: NeuronCount, PrefetchedMax: NeuronCount);
        LruPolicy policy = new(keys.Count, keys.Count);
        _state = new CacheState(limits, keys, policy, new LookaheadGate(LayerCount, 0), new LayerCounters(LayerCount));
        ResidencySetup setup = new()
        {
            Limits = limits,
            Strategy = StrategySwitches.Of(ExecutionStrategy.Prefetch),
            LayerCount = LayerCount,
            PlacementOf = _ => Permutation.Identity(NeuronCount),
        };
        _cache = Sys.ActorOf(CacheActor.Props(setup, new PipelineStates(_state, Fetch: null!, _sets), new TaskCompletionSource(), _io));
    }

    [Fact]
    public void What_is_missing_is_fetched_once_and_then_cached()
    {
        Needed(1, 0, 3, 5);
        Answer(Next<FetchProtocol.Fetch>(_io).Batch);
        Next<ResidencyProtocol.Granted>(_compute).Lease.Hits.IsEmpty.Should().BeTrue();
        Next<ResidencyProtocol.Arrived>(_compute).IsLast.Should().BeTrue();
        _cache.Tell(new ResidencyProtocol.Returned(new(1)), _compute);
        Needed(1, 0, 3, 5);
        Next<ResidencyProtocol.Granted>(_compute).Lease.Hits.Length.Should().Be(2);
        _cache.Tell(new ResidencyProtocol.Returned(new(1)), _compute);
        ShouldBeIdle(1);
    }

    [Fact]
    public void An_abandoned_pass_keeps_its_frames_until_its_reads_are_back()
    {
        Needed(1, 0, 3);
        FetchBatch batch = Next<FetchProtocol.Fetch>(_io).Batch;
        Next<ResidencyProtocol.Granted>(_compute);
        _cache.Tell(new PassProtocol.AbandonPass(new(1)), _compute);
        Answer(batch);
        Next<ResidencyProtocol.AllReturned>(_compute).Pass.Should().Be(new PassId(1));
        (_state.LeasedCount, _sets.RentedCount).Should().Be((0, 0));
        ShouldBeIdle(1);
    }

    [Fact]
    public void A_read_that_fails_makes_the_lease_unavailable()
    {
        IOException error = new("a fault");
        Needed(1, 0, 3);
        FetchBatch batch = Next<FetchProtocol.Fetch>(_io).Batch;
        Next<ResidencyProtocol.Granted>(_compute);
        _cache.Tell(new FetchProtocol.FetchFailed(batch, error), _io);
        Next<ResidencyProtocol.Unavailable>(_compute).Error.Should().BeSameAs(error);
        ShouldBeIdle(1);
    }

    [Fact]
    public void What_a_layer_waits_for_of_a_prefetch_that_fails_is_read_again_at_need()
    {
        _cache.Tell(new PredictionProtocol.MayBeNeeded(new(1), new(0), SetOf(_sets, 2, 3), LookaheadRank.Earlier), _compute);
        FetchBatch ahead = Next<FetchProtocol.Fetch>(_io).Batch;
        ahead.IsDemand.Should().BeFalse();
        Needed(1, 0, 3);
        Next<ResidencyProtocol.Granted>(_compute);
        _cache.Tell(new FetchProtocol.FetchFailed(ahead, new IOException("a fault")), _io);
        FetchBatch again = Next<FetchProtocol.Fetch>(_io).Batch;
        (again.IsDemand, again.Count, again.Slots[0]).Should().Be((true, 1, new Slot(3)));
        Answer(again);
        Next<ResidencyProtocol.Arrived>(_compute).IsLast.Should().BeTrue();
        ShouldBeIdle(1);
    }

    [Fact]
    public void What_comes_of_a_pass_that_was_abandoned_is_put_back_and_nothing_is_read_for_it()
    {
        ShouldBeIdle(4);
        Needed(4, 0, 1);
        _cache.Tell(new PredictionProtocol.MayBeNeeded(new(3), new(1), SetOf(_sets, 2), LookaheadRank.Earlier), _compute);
        _cache.Tell(new ResidencyProtocol.Returned(new(4)), _compute);
        Needed(5, 0, 6);
        Next<FetchProtocol.Fetch>(_io).Batch.Slots[0].Should().Be(new Slot(6));
        Next<ResidencyProtocol.Granted>(_compute).Pass.Should().Be(new PassId(5));
        _sets.RentedCount.Should().Be(1);
    }

    private void Needed(long pass, int layer, params int[] neurons) =>
        _cache.Tell(new PredictionProtocol.Needed(new(pass), new(layer), SetOf(_sets, neurons)), _compute);

    private void Answer(FetchBatch batch)
    {
        batch.Sort();
        _cache.Tell(new FetchProtocol.Fetched(batch), _io);
    }

    private void ShouldBeIdle(long pass)
    {
        _cache.Tell(new PassProtocol.AbandonPass(new(pass)), _compute);
        Next<ResidencyProtocol.AllReturned>(_compute).Pass.Should().Be(new PassId(pass));
        (_state.LeasedCount, _state.PrefetchedCount, _sets.RentedCount).Should().Be((0, 0, 0));
        _state.CheckInvariants();
    }
}
