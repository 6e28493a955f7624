using FsCheck;
using FsCheck.Fluent;
using Neuralink.Placement.Cost;
using Neuralink.Placement.Reads;
using Neuralink.Placement.Tests.Evaluation;

namespace Neuralink.Placement.Tests.Reads;

public sealed class ReadPlannerTests
{
    private const double Rounding = 1e-6;

    private static readonly Config s_thorough = Config.QuickThrowOnFailure.WithMaxTest(200);

    [Fact]
    public void Neighbours_are_read_together_and_gaps_only_where_that_is_cheaper()
    {
        int[] wanted = [1, 2, 3, 6, 10];
        Plan(Linear(gap: 0), wanted).Should().Equal(Extent(1, 3), Extent(6, 1), Extent(10, 1));
        Plan(Linear(gap: 2), wanted).Should().Equal(Extent(1, 6), Extent(10, 1));
        Plan(Linear(gap: 3), wanted).Should().Equal(Extent(1, 10));
        Plan(Linear(gap: 3), wanted, bridging: false).Should().Equal(Extent(1, 3), Extent(6, 1), Extent(10, 1));
        Plan(Linear(gap: 3), []).Should().BeEmpty();
    }

    // A greedy plan from the left reads 0 to 4, and then 5 and 6: seven slots in all.
    [Fact]
    public void Where_the_longest_extent_cuts_it_cuts_at_the_widest_gap() =>
        Plan(Linear(gap: 3, longest: 5), [0, 1, 4, 5, 6]).Should().Equal(Extent(0, 2), Extent(4, 3));

    [Fact]
    public void A_run_is_cut_into_the_fewest_extents_there_can_be() =>
        Plan(Linear(gap: 0, longest: 2), [0, 1, 2, 3, 4]).Should().Equal(Extent(0, 2), Extent(2, 2), Extent(4, 1));

    // One read of eight slots costs as much as two reads of one slot.
    [Fact]
    public void What_costs_the_same_is_read_in_fewer_bytes()
    {
        ReadCost cost = ReadCost.Linear(readMicros: 6, bytesPerMicro: 1000);
        ReadPlanner planner = new(cost, strideBytes: 1000, extentSlotsMax: 20, slotCount: 100);
        Plan(planner, [10, 17]).Should().Equal(Extent(10, 1), Extent(17, 1));
        Plan(planner, [10, 16]).Should().Equal(Extent(10, 7));
        planner.GapSlotsMax.Should().Be(5);
    }

    [Fact]
    public void Reads_that_cost_nothing_but_their_bytes_still_join_neighbours()
    {
        ReadPlanner planner = new(ReadCost.Linear(0, 1000), 512, 4, 100);
        Plan(planner, [1, 2, 3, 5, 6, 7, 8, 9]).Should().Equal(Extent(1, 3), Extent(5, 4), Extent(9, 1));
    }

    // All reads of up to four slots cost the same. A read of five slots costs as much as three of these.
    [Fact]
    public void A_curve_of_steps_is_filled_up_to_its_steps()
    {
        ReadPlanner planner = new(new ReadCost([new(1000, 10), new(4000, 10), new(5000, 30), new(9000, 40)]), 1000, 9, 100);
        Plan(planner, [0, 3, 4, 7]).Should().Equal(Extent(0, 4), Extent(4, 4));
        Plan(planner, [0, 3, 6, 7]).Should().Equal(Extent(0, 4), Extent(6, 2));
        Plan(planner, [0, 1, 2, 3, 4]).Sum(e => e.SlotCount).Should().Be(5);
    }

    [Fact]
    public void No_plan_there_is_costs_less() =>
        Check.One(s_thorough, Prop.ForAll<int>(seed =>
        {
            Case c = new(seed, wantedMax: 10);
            Extent[][] all = [.. NaivePlans.All(c.Wanted, c.Longest)];
            IsBestOf(c, all, Plan(c.Planner, c.Wanted));
            IsBestOf(c, [.. NaivePlans.All(c.Wanted, c.Longest, gap: 0)], Plan(c.Planner, c.Wanted, bridging: false));
            Cheapest(c, all).Min(plan => BridgedGap(plan, c.Wanted)).Should().BeLessThanOrEqualTo(c.Planner.GapSlotsMax);
        }));

    [Fact]
    public void No_greedy_plan_costs_less_whatever_its_gap() =>
        Check.One(s_thorough, Prop.ForAll<int>(seed =>
        {
            Case c = new(seed, wantedMax: 200);
            double found = c.MicrosOf(Plan(c.Planner, c.Wanted));
            double joining = c.MicrosOf(Plan(c.Planner, c.Wanted, bridging: false));
            foreach (int gap in (int[])[0, 1, 2, 3, 5, 8, 13, 21, 34, 500])
                found.Should().BeLessThanOrEqualTo(Greedy(gap, c.Longest));
            joining.Should().BeLessThanOrEqualTo(Greedy(0, c.Longest));
            joining.Should().BeLessThanOrEqualTo(Greedy(0, longest: 1), "that is each slot read alone");
            found.Should().BeLessThanOrEqualTo(joining * (1 + Rounding));

            double Greedy(int gap, int longest) => c.MicrosOf(NaivePlans.Greedy(c.Wanted, gap, longest)) * (1 + Rounding);
        }));

    [Fact]
    public void Every_wanted_slot_is_read_once_and_every_extent_keeps_its_bounds() =>
        Check.One(s_thorough, Prop.ForAll<int, bool>((seed, bridging) =>
        {
            Case c = new(seed, wantedMax: 200);
            Extent[] extents = Plan(c.Planner, c.Wanted, bridging);
            int[] read = [.. extents.SelectMany(e => Enumerable.Range(e.First.Value, e.SlotCount))];
            read.Should().BeInAscendingOrder().And.OnlyHaveUniqueItems();
            c.Wanted.Except(read).Should().BeEmpty();
            foreach (Extent e in extents)
            {
                e.SlotCount.Should().BeInRange(1, c.Longest);
                c.Wanted.Should().Contain(e.First.Value).And.Contain(e.End.Value - 1);
            }
            if (!bridging)
                read.Should().Equal(c.Wanted);
        }));

    // The engine expresses a gap in bytes as a curve on which a read costs as much as one byte more than the gap.
    [Fact]
    public void A_gap_in_bytes_is_a_curve_under_which_exactly_the_gaps_up_to_it_are_read_through() =>
        Check.One(s_thorough, Prop.ForAll<int>(seed =>
        {
            Random random = new(seed);
            int[] wanted = Wanted(random, 300);
            int stride = 512 * random.Next(1, 30), gapBytes = random.Next(3) == 0 ? stride * random.Next(20) : random.Next(1 << 20);
            ReadPlanner planner = new(ReadCost.Linear(gapBytes + 1, 1), stride, int.MaxValue, Case.SlotCount);
            Plan(planner, wanted).Should().Equal(NaivePlans.Greedy(wanted, gapBytes / stride, int.MaxValue));
        }));

    [Fact]
    public void Planning_allocates_nothing()
    {
        ReadPlanner planner = new(ReadCost.Default, 1536, 170, 2048);
        Slot[] wanted = [.. Enumerable.Range(0, 2048).Where(i => i % 7 != 0).Select(i => new Slot(i))];
        Extent[] extents = new Extent[wanted.Length];
        planner.Plan(wanted, true, extents);
        long before = GC.GetAllocatedBytesForCurrentThread();
        planner.Plan(wanted, true, extents);
        planner.Plan(wanted, false, extents);
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
    }

    [Theory]
    [InlineData(new[] { 3, 3 }, 2, "*ascend*")]
    [InlineData(new[] { -1 }, 1, "*ascend*")]
    [InlineData(new[] { 4, 100 }, 2, "*100 slots, 100 is wanted*")]
    [InlineData(new[] { 4, 5 }, 1, "*2 extents may be needed, there is room for 1*")]
    public void What_cannot_be_planned_is_a_programmers_error(int[] wanted, int room, string message)
    {
        Action act = () => Linear(gap: 0).Plan(Array.ConvertAll(wanted, w => new Slot(w)), true, new Extent[room]);
        act.Should().Throw<ArgumentException>().WithMessage(message);
    }

    private static ReadPlanner Linear(int gap, int longest = 100) => new(ReadCost.Linear((512 * gap) + 1, 1), 512, longest, 100);

    private static Extent[] Plan(ReadPlanner planner, int[] wanted, bool bridging = true)
    {
        Extent[] extents = new Extent[wanted.Length];
        int count = planner.Plan(Array.ConvertAll(wanted, w => new Slot(w)), bridging, extents);
        return extents[..count];
    }

    private static Extent Extent(int first, int count) => new(new Slot(first), count);

    private static void IsBestOf(Case c, Extent[][] possible, Extent[] found)
    {
        double least = possible.Min(c.MicrosOf);
        c.MicrosOf(found).Should().BeApproximately(least, Rounding * least);
        int fewestSlots = Cheapest(c, possible).Min(plan => plan.Sum(e => e.SlotCount));
        found.Sum(e => e.SlotCount).Should().BeLessThanOrEqualTo(fewestSlots, "of those that cost the same");
    }

    private static IEnumerable<Extent[]> Cheapest(Case c, Extent[][] plans)
    {
        double least = plans.Min(c.MicrosOf);
        return plans.Where(plan => c.MicrosOf(plan) <= least + 1e-10);
    }

    private static int BridgedGap(Extent[] plan, int[] wanted) =>
        wanted.Zip(wanted.Skip(1)).Where(pair => plan.Any(e => e.First.Value <= pair.First && pair.Second < e.End.Value))
            .Select(pair => pair.Second - pair.First - 1).DefaultIfEmpty().Max();

    // Often dense, so that the longest extent matters.
    private static int[] Wanted(Random random, int wantedMax)
    {
        double share = random.Next(2) == 0 ? 0.9 * random.NextDouble() : 0.1;
        return [.. Enumerable.Range(0, Case.SlotCount).Where(_ => random.NextDouble() < share).Take(random.Next(wantedMax + 1))];
    }

    private sealed class Case
    {
        public const int SlotCount = 400;

        private readonly ReadCost _cost;
        private readonly int _strideBytes;

        public Case(int seed, int wantedMax)
        {
            Random random = new(seed);
            _cost = RandomCost.Create(random);
            _strideBytes = random.Next(50, 2000);
            Longest = random.Next(4) == 0 ? int.MaxValue : random.Next(1, 25);
            Wanted = ReadPlannerTests.Wanted(random, wantedMax);
            Planner = new ReadPlanner(_cost, _strideBytes, Longest, SlotCount);
        }

        public int Longest { get; }

        public int[] Wanted { get; }

        public ReadPlanner Planner { get; }

        public double MicrosOf(Extent[] plan) => plan.MicrosOf(_cost, _strideBytes);
    }
}
