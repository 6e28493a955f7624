using Neuralink.Placement.Caching;

namespace Neuralink.Placement.Tests.Caching;

/// <summary>What is put into a cache because there is room.</summary>
public sealed class InsertUnusedTests
{
    private const int KeyCount = 10, Capacity = 4;

    [Theory]
    [InlineData(CachePolicyKind.Lfu)]
    [InlineData(CachePolicyKind.Lru)]
    [InlineData(CachePolicyKind.S3Fifo)]
    [InlineData(CachePolicyKind.Window)]
    public void It_is_held_while_there_is_room_and_refused_when_there_is_none(CachePolicyKind kind)
    {
        CachePolicy policy = CachePolicies.Create(CacheOptions.Of(kind), KeyCount, Capacity);
        for (int key = 0; key < Capacity; key++)
            policy.InsertUnused(key).Should().Be(CachePolicy.None);
        policy.InsertUnused(7).Should().Be(7);
        (policy.Count, policy.Holds(3), policy.Holds(7)).Should().Be((Capacity, true, false));
        policy.Invoking(p => p.InsertUnused(3)).Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void A_policy_that_holds_nothing_refuses_it() =>
        CachePolicies.Create(CacheOptions.Of(CachePolicyKind.None), KeyCount, Capacity).InsertUnused(3).Should().Be(3);

    [Fact]
    public void Lfu_gives_it_up_for_a_newcomer_that_is_used_once()
    {
        LfuPolicy policy = new(KeyCount, Capacity, new CacheOptions());
        for (int key = 0; key < Capacity; key++)
            policy.InsertUnused(key);
        policy.Touch(0);
        policy.Insert(8, segmentSlots: 1).Should().Be(1, "it is the oldest that nobody has used");
        policy.Insert(9, segmentSlots: 1).Should().Be(2);
        policy.Holds(0).Should().BeTrue();
    }

    [Fact]
    public void A_pinned_key_has_its_place_and_another_one_does_not_take_it()
    {
        CacheOptions options = new() { PinnedShare = 0.5 };
        CachePolicy policy = CachePolicies.Create(options, KeyCount, Capacity, hottest: [5, 6]);
        policy.InsertUnused(0).Should().Be(CachePolicy.None);
        policy.InsertUnused(1).Should().Be(CachePolicy.None);
        policy.InsertUnused(2).Should().Be(2);
        policy.InsertUnused(5).Should().Be(CachePolicy.None);
        (policy.Holds(5), policy.Count).Should().Be((true, 3));
    }
}
