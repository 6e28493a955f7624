using System.Runtime.Intrinsics;
using Neuralink.Placement.Coactivation;

namespace Neuralink.Placement.Tests.Coactivation;

public sealed class VerticalCountersTests
{
    private const int LineCount = 700;

    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(100)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(511)]
    [InlineData(512)]
    [InlineData(513)]
    [InlineData(699)]
    public void Counts_equal_their_reference_at_ragged_lengths(int length)
    {
        (ulong[] lines, int[] offsets) = Lines(length);
        VerticalCounters counters = new();
        counters.Count(lines, Padded(offsets), offsets.Length);
        int[] counts = Counts(counters);
        for (int column = 0; column < ActivationTile.Columns; column++)
            counts[column].Should().Be(VerticalCounters.Reference(lines, offsets, column));
        counts.Max().Should().Be(length, "one column is set in every line");
    }

    [Theory]
    [InlineData(37)]
    [InlineData(300)]
    public void Those_at_least_a_threshold_are_found_for_every_threshold(int length)
    {
        (ulong[] lines, int[] offsets) = Lines(length);
        VerticalCounters counters = new();
        counters.Count(lines, Padded(offsets), offsets.Length);
        int[] counts = Counts(counters);
        for (int least = 1; least <= (2 * length) + 2; least++)
        {
            Vector512<ulong> found = counters.AtLeast(least);
            for (int column = 0; column < ActivationTile.Columns; column++)
                (found[column / 64] >> (column % 64) & 1).Should().Be(counts[column] >= least ? 1UL : 0);
        }
    }

    [Fact]
    public void Nothing_is_left_from_a_longer_count_before()
    {
        (ulong[] lines, int[] offsets) = Lines(600);
        VerticalCounters counters = new();
        counters.Count(lines, Padded(offsets), offsets.Length);
        counters.Count(lines, Padded(offsets[..20]), 20);
        int[] columns = [.. Enumerable.Range(0, ActivationTile.Columns)];
        Counts(counters).Should().Equal(columns.Select(column => VerticalCounters.Reference(lines, offsets.AsSpan(0, 20), column)));
    }

    [Fact]
    public void Counts_of_more_than_sixteen_bits_are_exact()
    {
        ulong[] lines = new ulong[2 * ActivationTile.LineWords];
        lines[0] = 5;
        int[] offsets = new int[(1 << 16) + 16];
        VerticalCounters counters = new();
        counters.Count(lines, offsets, offsets.Length);
        CounterWord word = counters.Word(0);
        word.Count(0).Should().Be(offsets.Length);
        word.Count(1).Should().Be(0);
        word.Count(2).Should().Be(offsets.Length);
    }

    private static int[] Counts(VerticalCounters counters)
    {
        int[] counts = new int[ActivationTile.Columns];
        for (int column = 0; column < counts.Length; column++)
            counts[column] = counters.Word(column / 64).Count(column % 64);
        return counts;
    }

    // Each column is set more often than the one before: the first never, the last always. The line after the last is zero.
    private static (ulong[] Lines, int[] Offsets) Lines(int length)
    {
        Random random = new(length);
        ulong[] lines = new ulong[(LineCount + 1) * ActivationTile.LineWords];
        for (int line = 0; line < LineCount; line++)
        {
            for (int column = 0; column < ActivationTile.Columns; column++)
            {
                if (random.Next(ActivationTile.Columns - 1) < column)
                    lines[(line * ActivationTile.LineWords) + (column / 64)] |= 1UL << (column % 64);
            }
        }
        int[] offsets = [.. Enumerable.Range(0, LineCount).Select(line => line * ActivationTile.LineWords)];
        random.Shuffle(offsets);
        return (lines, [.. offsets[..length].Order()]);
    }

    private static int[] Padded(int[] offsets)
    {
        int[] padded = new int[(offsets.Length + ActivationLists.BlockLines - 1) / ActivationLists.BlockLines * ActivationLists.BlockLines];
        Array.Fill(padded, LineCount * ActivationTile.LineWords);
        offsets.CopyTo(padded, 0);
        return padded;
    }
}
