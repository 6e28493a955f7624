using FsCheck;
using FsCheck.Fluent;

namespace Neuralink.Placement.Tests;

public sealed class AccessCollapseTests
{
    private static Extent[] Plan(int[] wanted, int gap, int longest)
    {
        Extent[] extents = new Extent[wanted.Length];
        int count = AccessCollapse.Plan(Array.ConvertAll(wanted, w => new Slot(w)), gap, longest, extents);
        return extents[..count];
    }

    [Fact]
    public void Neighbours_are_read_together_and_gaps_only_up_to_the_widest_allowed()
    {
        Plan([1, 2, 3, 6, 10], gap: 0, longest: 100).Should().Equal(Extent(1, 3), Extent(6, 1), Extent(10, 1));
        Plan([1, 2, 3, 6, 10], gap: 2, longest: 100).Should().Equal(Extent(1, 6), Extent(10, 1));
        Plan([1, 2, 3, 6, 10], gap: 3, longest: 100).Should().Equal(Extent(1, 10));
    }

    [Fact]
    public void No_extent_is_longer_than_allowed() =>
        Plan([0, 1, 2, 3, 4], gap: 0, longest: 2).Should().Equal(Extent(0, 2), Extent(2, 2), Extent(4, 1));

    [Fact]
    public void Nothing_wanted_is_nothing_read() => Plan([], gap: 5, longest: 5).Should().BeEmpty();

    [Fact]
    public void Slots_out_of_order_are_a_programmers_error()
    {
        Action act = () => Plan([3, 3], gap: 0, longest: 5);
        act.Should().Throw<ArgumentException>().WithMessage("*ascend*");
    }

    [Fact]
    public void Every_wanted_slot_is_read_exactly_once_and_every_extent_keeps_its_bounds() =>
        Prop.ForAll(
            ArbMap.Default.ArbFor<int[]>(), ArbMap.Default.ArbFor<byte>(), ArbMap.Default.ArbFor<byte>(),
            (slots, gap, longest) =>
            {
                int[] wanted = slots.Select(s => Math.Abs(s % 500)).Distinct().Order().ToArray();
                Extent[] extents = Plan(wanted, gap % 9, (longest % 20) + 1);
                int[] read = extents.SelectMany(e => Enumerable.Range(e.First.Value, e.SlotCount)).ToArray();
                read.Should().OnlyHaveUniqueItems();
                wanted.Except(read).Should().BeEmpty();
                foreach (Extent e in extents)
                {
                    e.SlotCount.Should().BeInRange(1, (longest % 20) + 1);
                    wanted.Should().Contain(e.First.Value).And.Contain(e.End.Value - 1);
                }
                extents.Length.Should().BeLessThanOrEqualTo(wanted.Length);
            }).QuickCheckThrowOnFailure();

    private static Extent Extent(int first, int count) => new(new Slot(first), count);
}
