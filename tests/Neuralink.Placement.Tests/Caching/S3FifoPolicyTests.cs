using Neuralink.Placement.Caching;

namespace Neuralink.Placement.Tests.Caching;

public sealed class S3FifoPolicyTests
{
    private static readonly CacheOptions s_paper = new()
    {
        Kind = CachePolicyKind.S3Fifo,
        SmallShare = 0.1,
        GhostShare = 0.9,
        SegmentSlots = int.MaxValue,
    };

    [Fact]
    public void A_scan_does_not_wash_out_what_is_used_again()
    {
        S3FifoPolicy policy = new(1000, 10, s_paper);
        for (int key = 0; key < 5; key++)
        {
            policy.Insert(key, 1);
            policy.Touch(key);
            policy.Touch(key);
        }
        for (int key = 100; key < 1000; key++)
            policy.Insert(key, 1);
        Enumerable.Range(0, 5).Should().OnlyContain(key => policy.Holds(key));
    }

    [Fact]
    public void What_comes_back_while_it_is_remembered_enters_the_main_queue()
    {
        S3FifoPolicy policy = new(1000, 10, s_paper);
        for (int key = 0; key < 11; key++)
            policy.Insert(key, 1);
        policy.Holds(0).Should().BeFalse("the small queue is first in, first out");
        policy.Insert(0, 1).Should().NotBe(0);
        // Newcomers now pass through the small queue alone.
        for (int key = 100; key < 1000; key++)
            policy.Insert(key, 1);
        policy.Holds(0).Should().BeTrue();
    }

    [Fact]
    public void What_is_forgotten_comes_back_as_a_newcomer()
    {
        S3FifoPolicy policy = new(1000, 10, s_paper);
        for (int key = 0; key < 10 + 9 + 1; key++)
            policy.Insert(key, 1);
        policy.Insert(0, 1);
        for (int key = 100; key < 1000; key++)
            policy.Insert(key, 1);
        policy.Holds(0).Should().BeFalse("nine others went out after it");
    }

    [Fact]
    public void Nothing_is_refused_before_the_cache_is_full()
    {
        S3FifoPolicy policy = new(100, 10, s_paper with { SegmentSlots = 2, SegmentProbability = 0 });
        for (int key = 0; key < 10; key++)
            policy.Insert(key, segmentSlots: 50).Should().Be(CachePolicy.None);
        policy.Insert(10, segmentSlots: 50).Should().Be(10);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.25)]
    [InlineData(0.75)]
    [InlineData(1)]
    public void Members_of_a_long_segment_are_admitted_as_often_as_is_asked_for_and_others_always(double probability)
    {
        const int Keys = 20_000;
        S3FifoPolicy policy = new(Keys, 100, s_paper with { SegmentSlots = 4, SegmentProbability = probability });
        int admittedLong = 0, admittedShort = 0;
        for (int key = 0; key < 100; key++)
            policy.Insert(key, 1);
        for (int key = 100; key < Keys; key++)
        {
            bool isLong = key % 2 == 0;
            bool admitted = policy.Insert(key, isLong ? 4 : 3) != key;
            (isLong ? ref admittedLong : ref admittedShort) += admitted ? 1 : 0;
        }
        admittedShort.Should().Be((Keys - 100) / 2);
        ((double)admittedLong / admittedShort).Should().BeApproximately(probability, 0.02);
    }

    [Fact]
    public void Equal_seeds_admit_alike()
    {
        Admitted(seed: 5).Should().Equal(Admitted(seed: 5)).And.NotEqual(Admitted(seed: 6));

        static IEnumerable<bool> Admitted(ulong seed)
        {
            S3FifoPolicy policy = new(200, 10, s_paper with { SegmentSlots = 1, SegmentProbability = 0.5, Seed = seed });
            return [.. Enumerable.Range(0, 200).Select(key => policy.Insert(key, 1) != key)];
        }
    }
}
