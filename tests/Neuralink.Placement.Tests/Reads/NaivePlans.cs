using Neuralink.Placement.Cost;

namespace Neuralink.Placement.Tests.Reads;

/// <summary>Read plans made by other means: all possible plans, and the greedy ones.</summary>
internal static class NaivePlans
{
    /// <summary>
    /// All ways to cut <paramref name="wanted"/> into extents of at most <paramref name="longest"/> slots, over gaps of at most
    /// <paramref name="gap"/>. At most a dozen slots are wanted.
    /// </summary>
    public static IEnumerable<Extent[]> All(int[] wanted, int longest, int gap = int.MaxValue)
    {
        for (int cuts = 0; cuts < 1 << Math.Max(0, wanted.Length - 1); cuts++)
        {
            Extent[] plan = Cut(wanted, i => (cuts >> (i - 1) & 1) != 0);
            bool joins = wanted.Skip(1).Where((slot, i) => (cuts >> i & 1) == 0 && slot - wanted[i] - 1 > gap).Any();
            if (!joins && plan.All(e => e.SlotCount <= longest))
                yield return plan;
        }
    }

    /// <summary>Reads from the first slot on, through every gap of at most <paramref name="gap"/>, until an extent is too long.</summary>
    public static Extent[] Greedy(int[] wanted, int gap, int longest)
    {
        int first = 0;
        return Cut(wanted, i =>
        {
            bool cut = wanted[i] - wanted[i - 1] - 1 > gap || wanted[i] - wanted[first] + 1 > longest;
            first = cut ? i : first;
            return cut;
        });
    }

    public static double MicrosOf(this IEnumerable<Extent> plan, ReadCost cost, int strideBytes) =>
        plan.Sum(e => cost.MicrosOf((long)e.SlotCount * strideBytes));

    private static Extent[] Cut(int[] wanted, Func<int, bool> cutBefore)
    {
        List<Extent> plan = [];
        for (int i = 0; i < wanted.Length; i++)
        {
            if (i == 0 || cutBefore(i))
                plan.Add(new Extent(new Slot(wanted[i]), 1));
            else
                plan[^1] = plan[^1] with { SlotCount = wanted[i] - plan[^1].First.Value + 1 };
        }
        return [.. plan];
    }
}
