using FsCheck;
using FsCheck.Fluent;
using Neuralink.Placement.Caching;

namespace Neuralink.Placement.Tests.Caching;

/// <summary>Every policy against its naive model, over random uses.</summary>
public sealed class CachePolicyModelTests
{
    private const int KeyCount = 24;

    [Fact]
    public void S3_fifo_equals_its_naive_model() =>
        Check(random => new CacheOptions
        {
            Kind = CachePolicyKind.S3Fifo,
            SmallShare = random.Next(5) / 4.0,
            GhostShare = random.Next(6) / 2.0,
            SegmentSlots = random.Next(1, 5),
            SegmentProbability = random.Next(5) / 4.0,
            Seed = (ulong)random.Next(),
        },
        (capacity, options) => new NaiveS3Fifo(capacity, options));

    [Fact]
    public void Lru_equals_its_naive_model() =>
        Check(_ => new CacheOptions { Kind = CachePolicyKind.Lru }, (capacity, _) => new NaiveLru(capacity));

    [Fact]
    public void Lfu_equals_its_naive_model() =>
        Check(
            random => new CacheOptions
            {
                Kind = CachePolicyKind.Lfu,
                AgingUses = random.Next(1, 8) / 2.0,
                SegmentSlots = random.Next(1, 5),
                SegmentProbability = random.Next(5) / 4.0,
                Seed = (ulong)random.Next(),
            },
            (capacity, options) => new NaiveLfu(KeyCount, capacity, options));

    [Fact]
    public void Window_equals_its_naive_model() =>
        Check(
            random => new CacheOptions { Kind = CachePolicyKind.Window, WindowTokens = random.Next(1, 4) },
            (capacity, options) => new NaiveWindow(capacity, options.WindowTokens));

    // More uses than a byte can count, without the halving that would keep the counts down.
    [Fact]
    public void Lfu_equals_its_naive_model_where_counts_are_full()
    {
        CacheOptions options = new() { AgingUses = 1000 };
        CachePolicy policy = new LfuPolicy(KeyCount, 2, options);
        NaiveLfu naive = new(KeyCount, 2, options);
        Random random = new(1);
        for (int step = 0; step < 2000; step++)
            Use(policy, naive, random.Next(4), segmentSlots: 1);
        Use(policy, naive, 20, segmentSlots: 1).Should().Be(20, "the others have been used 255 times");
    }

    [Fact]
    public void None_refuses_everything()
    {
        CachePolicy policy = CachePolicies.Create(new CacheOptions { Kind = CachePolicyKind.None }, KeyCount, 5);
        policy.Insert(3, 1).Should().Be(3);
        (policy.Count, policy.Holds(3)).Should().Be((0, false));
    }

    [Theory]
    [InlineData(CachePolicyKind.S3Fifo)]
    [InlineData(CachePolicyKind.Lfu)]
    [InlineData(CachePolicyKind.Lru)]
    public void Where_there_is_a_place_for_each_key_nothing_is_decided(CachePolicyKind kind)
    {
        CacheOptions options = new() { Kind = kind, PinnedShare = 0.3, SegmentProbability = 0 };
        CachePolicy policy = CachePolicies.Create(options, KeyCount, KeyCount, [3, 5, 7]);
        policy.Should().BeOfType<WholePolicy>();
        for (int key = 0; key < KeyCount; key++)
            (key % 2 == 0 ? policy.Insert(key, 1) : policy.InsertUnused(key)).Should().Be(CachePolicy.None);
        policy.Count.Should().Be(KeyCount);
        policy.Touch(3);
        policy.EndPass();
        policy.TryExpire(out _).Should().BeFalse();
        CachePolicies.Create(options, KeyCount, KeyCount - 1, [3, 5, 7]).Should().NotBeOfType<WholePolicy>();
    }

    [Theory]
    [InlineData(CachePolicyKind.S3Fifo)]
    [InlineData(CachePolicyKind.Lfu)]
    [InlineData(CachePolicyKind.Lru)]
    [InlineData(CachePolicyKind.Window)]
    [InlineData(CachePolicyKind.None)]
    public void Misuse_is_found(CachePolicyKind kind)
    {
        CachePolicy policy = CachePolicies.Create(new CacheOptions { Kind = kind }, KeyCount, 5);
        policy.Invoking(p => p.Touch(3)).Should().Throw<InvalidOperationException>().WithMessage("Key 3 is not held.");
        if (policy.Insert(3, 1) == CachePolicy.None)
            policy.Invoking(p => p.Insert(3, 1)).Should().Throw<InvalidOperationException>().WithMessage("Key 3 is held already.");
    }

    [Fact]
    public void No_call_allocates()
    {
        foreach (CachePolicyKind kind in Enum.GetValues<CachePolicyKind>())
        {
            CachePolicy policy = CachePolicies.Create(new CacheOptions { Kind = kind, PinnedShare = 0.3 }, KeyCount, 9, [3, 5, 7]);
            Play(policy);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Play(policy);
            (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0, "of {0}", kind);
        }

        static void Play(CachePolicy policy)
        {
            for (int i = 0; i < 5000; i++)
            {
                int key = (i * i % 31) % KeyCount;
                if (policy.Holds(key))
                    policy.Touch(key);
                else
                    policy.Insert(key, (i % 9) + 1);
                if (i % 6 == 0)
                    policy.EndPass();
                while (policy.TryExpire(out _))
                {
                }
            }
        }
    }

    private static void Check(Func<Random, CacheOptions> options, Func<int, CacheOptions, NaiveCache> naive) =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), ArbMap.Default.ArbFor<(byte Key, byte Segment)[]>(), (seed, uses) =>
        {
            Random random = new(seed);
            // Some keys are hot, so that all queues are used. There are more uses than FsCheck would draw.
            for (int round = 0; round < 5; round++)
            {
                int capacity = random.Next(KeyCount + 2);
                CacheOptions drawn = options(random);
                CachePolicy policy = CachePolicies.Create(drawn, KeyCount, capacity);
                NaiveCache model = naive(capacity, drawn);
                foreach ((byte key, byte segment) in uses)
                    Use(policy, model, key % KeyCount, (segment % 6) + 1);
                for (int step = 0; step < 200; step++)
                {
                    Use(policy, model, random.Next(random.Next(1, KeyCount)), random.Next(1, 7));
                    if (random.Next(8) == 0)
                        EndPass(policy, model);
                }
            }
        }).QuickCheckThrowOnFailure();

    private static int Use(CachePolicy policy, NaiveCache model, int key, int segmentSlots)
    {
        int evicted = CachePolicy.None;
        if (policy.Holds(key))
        {
            policy.Touch(key);
            model.Touch(key);
        }
        else
        {
            evicted = policy.Insert(key, segmentSlots);
            evicted.Should().Be(model.Insert(key, segmentSlots));
        }
        Compare(policy, model);
        return evicted;
    }

    private static void EndPass(CachePolicy policy, NaiveCache model)
    {
        policy.EndPass();
        List<int> expired = [];
        while (policy.TryExpire(out int key))
            expired.Add(key);
        expired.Should().Equal(model.EndPass());
        Compare(policy, model);
    }

    private static void Compare(CachePolicy policy, NaiveCache model)
    {
        HashSet<int> held = [.. model.Held];
        for (int key = 0; key < KeyCount; key++)
        {
            if (policy.Holds(key) != held.Contains(key))
                Assert.Fail($"Key {key} should {(held.Contains(key) ? "be" : "not be")} held.");
        }
        if (policy.Count != held.Count || policy.Count > policy.Capacity)
            Assert.Fail($"{policy.Count} held of {policy.Capacity}, {held.Count} expected.");
    }
}
