using FsCheck;
using FsCheck.Fluent;
using Neuralink.Placement.Caching;

namespace Neuralink.Placement.Tests.Caching;

public sealed class PinnedPolicyTests
{
    private const int KeyCount = 20;

    [Fact]
    public void A_pinned_key_never_goes_out_and_the_others_share_the_rest() =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            Random random = new(seed);
            int[] hottest = [.. Enumerable.Range(0, KeyCount)];
            random.Shuffle(hottest);
            int capacity = random.Next(1, KeyCount);
            CacheOptions options = new() { Kind = (CachePolicyKind)random.Next(5), PinnedShare = random.Next(5) / 4.0, WindowTokens = 1 };
            CachePolicy policy = CachePolicies.Create(options, KeyCount, capacity, hottest);
            int[] pinned = hottest[..(int)(options.PinnedShare * capacity)];
            policy.Capacity.Should().Be(capacity);
            HashSet<int> used = [], held = [];
            for (int step = 0; step < 300; step++)
            {
                int key = random.Next(KeyCount);
                used.Add(key);
                if (policy.Holds(key))
                {
                    policy.Touch(key);
                }
                else
                {
                    held.Add(key);
                    held.Remove(policy.Insert(key, random.Next(1, 5)));
                }
                if (random.Next(10) == 0)
                    policy.EndPass();
                while (policy.TryExpire(out int expired))
                    held.Remove(expired).Should().BeTrue();
                held.SetEquals(Enumerable.Range(0, KeyCount).Where(policy.Holds)).Should().BeTrue();
                Array.Exists(pinned, k => used.Contains(k) && !policy.Holds(k)).Should().BeFalse();
                policy.Count.Should().Be(held.Count);
                held.Except(pinned).Count().Should().BeLessThanOrEqualTo(capacity - pinned.Length);
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_key_is_pinned_once()
    {
        Action act = () => _ = new PinnedPolicy([1, 2, 1], new LruPolicy(5, 2));
        act.Should().Throw<ArgumentException>().WithMessage("Key 1 is pinned twice.*");
    }

    [Fact]
    public void The_hot_set_is_the_most_frequent_of_all_layers() =>
        HotSet.Of([[5, 0, 7], [7, 9, 1]], 4).Should().Equal(4, 2, 3, 0);
}
