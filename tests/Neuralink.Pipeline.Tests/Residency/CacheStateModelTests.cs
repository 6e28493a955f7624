using Neuralink.Pipeline.Fetching;
using Neuralink.Pipeline.Metrics;
using Neuralink.Pipeline.Prediction;
using Neuralink.Pipeline.Residency;
using Neuralink.Placement;
using Neuralink.Placement.Caching;

namespace Neuralink.Pipeline.Tests.Residency;

/// <summary>
/// The cache's state against a naive model that knows what every frame holds, over random operations in any order the actor allows.
/// </summary>
public sealed class CacheStateModelTests
{
    // The last has room for everything.
    private static readonly (int Cached, int Leased, int Prefetched)[] s_limits =
        [(0, 1, 0), (0, 4, 4), (1, 1, 1), (3, 5, 2), (10, 6, 6), (10, 6, 0), (48, 16, 16)];

    private static readonly Permutation s_reversed = Permutation.Of([.. Enumerable.Range(0, 16).Reverse()]);

    public static TheoryData<CachePolicyKind, double, int, int, int> Cases
    {
        get
        {
            TheoryData<CachePolicyKind, double, int, int, int> cases = [];
            foreach (CachePolicyKind kind in Enum.GetValues<CachePolicyKind>())
            {
                foreach (double pinnedShare in (double[])[0, 0.5])
                {
                    foreach ((int cached, int leased, int prefetched) in s_limits)
                        cases.Add(kind, pinnedShare, cached, leased, prefetched);
                }
            }
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Random_operations_keep_every_promise(CachePolicyKind kind, double pinnedShare, int cached, int leased, int prefetched)
    {
        for (int seed = 0; seed < 4; seed++)
        {
            CacheOptions options = new() { Kind = kind, PinnedShare = pinnedShare, WindowTokens = 1 + (seed % 3), AgingUses = 1 };
            int[] hottest = [.. Enumerable.Range(0, CacheModel.KeyCount)];
            new Random(seed).Shuffle(hottest);
            CachePolicy policy = CachePolicies.Create(options, CacheModel.KeyCount, cached, hottest);
            CacheModel model = new(new CacheLimits(cached, leased, prefetched), policy, seed);
            for (int step = 0; step < 300; step++)
                model.Step();
            model.Finish();
        }
    }

    [Theory]
    [InlineData(CachePolicyKind.S3Fifo)]
    [InlineData(CachePolicyKind.Lfu)]
    public void A_bundle_used_again_outlives_those_of_a_single_pass(CachePolicyKind kind)
    {
        CacheModel model = Model(new CacheOptions { Kind = kind, SegmentProbability = 1 });
        model.Use(layer: 0, 0, 1);
        model.Use(layer: 0, 0, 1);
        model.Use(layer: 0, 0, 1);
        for (int neuron = 2; neuron < 8; neuron++)
            model.Use(layer: 0, neuron);
        long before = model.Counts[Counter.CacheHits];
        model.Use(layer: 0, 0, 1);
        model.Counts[Counter.CacheHits].Should().Be(before + 2);
    }

    [Fact]
    public void What_was_read_ahead_in_vain_is_dropped_and_never_offered_to_the_policy()
    {
        RecordingPolicy policy = new(CacheModel.KeyCount, capacity: 2);
        CacheState state = new(new CacheLimits(2, 4, 4), new NeuronKeys(3, 16), policy, new LookaheadGate(3, 0), new LayerCounters(3));
        FrameLease lease = new(4, 10);
        FetchBatch ahead = Prefetch(state, 5);
        state.Complete(ahead);
        Lease(state, lease, 1, 2);
        state.Release(lease);
        state.EndLayer(new(1));
        state.PrefetchedCount.Should().Be(0);
        state.CheckInvariants();
        policy.Offered.Should().Equal((1, 2), (2, 2));
    }

    [Fact]
    public void Nothing_is_read_ahead_for_a_layer_whose_lookahead_proved_wrong_until_it_proves_right()
    {
        LookaheadGate gate = new(3, precisionMin: 0.5);
        CacheState state = new(new CacheLimits(2, 4, 4), new NeuronKeys(3, 16), new NonePolicy(48, 2), gate, new LayerCounters(3));
        int[] read = [.. Enumerable.Range(0, 40).Select(_ => Pass(wanted: []))];
        read.Should().StartWith([1, 1, 1]).And.EndWith([0, 0, 0]).And.BeInDescendingOrder();
        read = [.. Enumerable.Range(0, 40).Select(_ => Pass(wanted: [5]))];
        read.Should().StartWith([0]).And.Contain(1);

        int Pass(int[] wanted)
        {
            FrameLease lease = new(4, 10);
            FetchBatch ahead = Prefetch(state, 5);
            state.Complete(ahead);
            FetchBatch misses = new(4);
            misses.Reset(8, new(1), FetchKind.Demand);
            state.Lease(new(1), Permutation.Identity(16), [.. wanted.Select(n => new NeuronId(n))], lease, misses);
            state.Complete(misses);
            state.Release(lease);
            state.EndLayer(new(1));
            state.EndPass();
            return ahead.Count;
        }
    }

    [Fact]
    public void The_policy_is_told_how_long_each_segment_is_that_was_read()
    {
        RecordingPolicy policy = new(CacheModel.KeyCount, capacity: 8);
        CacheState state = new(new CacheLimits(8, 8, 8), new NeuronKeys(3, 16), policy, new LookaheadGate(3, 0), new LayerCounters(3));
        FrameLease lease = new(8, 24);
        Lease(state, lease, 2, 4, 5);
        state.Release(lease);
        Lease(state, lease, 1, 2, 3, 8, 9, 10, 15);
        state.Release(lease);
        policy.Offered.Should().Equal((2, 1), (4, 2), (5, 2), (1, 1), (3, 1), (8, 3), (9, 3), (10, 3), (15, 1));
    }

    [Fact]
    public void A_policy_over_other_keys_or_more_frames_is_refused()
    {
        Action keys = () => NewState(new LruPolicy(47, 8));
        keys.Should().Throw<ArgumentException>().WithMessage("48 keys and a capacity of at most 8 expected, 47 and 8 given.*");
        Action frames = () => NewState(new LruPolicy(48, 9));
        frames.Should().Throw<ArgumentException>().WithMessage("48 keys and a capacity of at most 8 expected, 48 and 9 given.*");

        static CacheState NewState(CachePolicy policy) =>
            new(new CacheLimits(8, 8, 8), new NeuronKeys(3, 16), policy, new LookaheadGate(3, 0), new LayerCounters(3));
    }

    [Fact]
    public void A_lease_that_was_not_released_cannot_be_filled_again()
    {
        CacheModel model = Model(new CacheOptions());
        model.Invoking(m => m.LeaseTwice()).Should().Throw<InvalidOperationException>().WithMessage("*leased already*");
    }

    [Fact]
    public void More_frames_than_may_be_leased_cannot_be()
    {
        CacheModel model = Model(new CacheOptions());
        model.Invoking(m => m.LeaseTooMuch()).Should().Throw<InvalidOperationException>().WithMessage("*5 more are asked for*4*");
    }

    [Fact]
    public void A_lease_whose_bundles_are_still_loading_cannot_be_released()
    {
        CacheModel model = Model(new CacheOptions());
        model.Invoking(m => m.ReleaseEarly()).Should().Throw<InvalidOperationException>().WithMessage("*cannot be released*");
    }

    private static CacheModel Model(CacheOptions options) =>
        new(new CacheLimits(4, 4, 0), CachePolicies.Create(options, CacheModel.KeyCount, 4), seed: 1);

    // Leases neurons of layer 0, and reads what is missing.
    private static FetchBatch Prefetch(CacheState state, int neuron)
    {
        FetchBatch ahead = new(4);
        ahead.Reset(9, new(1), FetchKind.Prefetch);
        state.Prefetch(new(1), Permutation.Identity(16), [new(neuron)], LookaheadRank.Earlier, ahead);
        return ahead;
    }

    private static void Lease(CacheState state, FrameLease lease, params int[] neurons)
    {
        FetchBatch misses = new(8);
        misses.Reset(1, new(0), FetchKind.Demand);
        state.Lease(new(0), s_reversed, Array.ConvertAll(neurons, n => new NeuronId(n)), lease, misses);
        misses.Sort();
        state.Complete(misses);
    }

    /// <summary>First in, first out, with a record of what was offered.</summary>
    private sealed class RecordingPolicy(int keyCount, int capacity) : CachePolicy(keyCount, capacity)
    {
        private readonly Queue<int> _held = [];

        public List<(int Key, int Segment)> Offered { get; } = [];

        public override int Count => _held.Count;

        public override bool Holds(int key) => _held.Contains(key);

        protected override void Use(int key)
        {
        }

        protected override int Take(int key, int segmentSlots)
        {
            Offered.Add((key, segmentSlots));
            _held.Enqueue(key);
            return _held.Count > Capacity ? _held.Dequeue() : None;
        }
    }
}
