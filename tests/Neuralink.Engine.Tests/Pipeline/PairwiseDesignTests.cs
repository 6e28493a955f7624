using Neuralink.Tests.Support;

namespace Neuralink.Engine.Tests.Pipeline;

/// <summary>What the token matrix rests on.</summary>
public sealed class PairwiseDesignTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2, 2)]
    [InlineData(4, 5, 3, 2, 3, 3, 3)]
    [InlineData(2, 4, 5, 3, 2, 3, 3, 3, 3, 2, 8, 3, 2)]
    public void Every_pair_of_values_meets_in_not_many_more_rows_than_it_takes(params int[] counts)
    {
        IReadOnlyList<int[]> rows = PairwiseDesign.Rows(counts);
        rows.Should().OnlyContain(row => row.Length == counts.Length);
        rows.SelectMany(PairwiseDesign.Met).ToHashSet().SetEquals(PairwiseDesign.Pairs(counts)).Should().BeTrue();
        int[] largest = [.. counts.OrderDescending().Take(2)];
        rows.Count.Should().BeInRange(largest[0] * largest[1], (largest[0] * largest[1] * 3 / 2) + 2);
    }

    [Fact]
    public void The_same_dimensions_give_the_same_rows() =>
        PairwiseDesign.Rows([3, 4, 2, 5]).Should().BeEquivalentTo(PairwiseDesign.Rows([3, 4, 2, 5]), o => o.WithStrictOrdering());

    [Fact]
    public void What_is_excluded_never_meets_and_all_else_does()
    {
        IEnumerable<ValuePair> met = PairwiseDesign.Rows([3, 3, 4], Excludes).SelectMany(PairwiseDesign.Met);
        met.ToHashSet().SetEquals(PairwiseDesign.Pairs([3, 3, 4]).Where(p => !Excludes(p))).Should().BeTrue();

        static bool Excludes(ValuePair pair) => pair is { First: 0, FirstValue: 0, Second: 1, SecondValue: not 2 };
    }

    [Fact]
    public void A_value_that_fits_nothing_is_said() =>
        FluentActions.Invoking(() => PairwiseDesign.Rows([2, 2, 2], pair => pair is { First: 0, FirstValue: 0, Second: 1 }))
            .Should().Throw<InvalidOperationException>();
}
