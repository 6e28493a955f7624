namespace Neuralink.Placement.Ordering;

/// <summary>Processor time by stage: of several layers the sum, not the time that passed.</summary>
/// <param name="Counting">Counting at how many tokens neurons fire together.</param>
/// <param name="Sorting">Choosing the strongest pairs, and sorting them.</param>
/// <param name="Linking">Joining neurons to one path.</param>
/// <param name="Rearranging">Making the reads of the linked order cheaper, and judging whether they are.</param>
public readonly record struct OrderingTimes(TimeSpan Counting, TimeSpan Sorting, TimeSpan Linking, TimeSpan Rearranging = default)
{
    /// <summary>Of all stages.</summary>
    public TimeSpan Total => Counting + Sorting + Linking + Rearranging;

    /// <summary>Adds stage by stage.</summary>
    public static OrderingTimes operator +(OrderingTimes left, OrderingTimes right) =>
        new(left.Counting + right.Counting, left.Sorting + right.Sorting, left.Linking + right.Linking, left.Rearranging + right.Rearranging);
}
