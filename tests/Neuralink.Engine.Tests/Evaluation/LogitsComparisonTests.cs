using Neuralink.Evaluation;
using Neuralink.Models.Inference;
using Neuralink.Storage.Memory;

namespace Neuralink.Engine.Tests.Evaluation;

public sealed class LogitsComparisonTests
{
    [Fact]
    public void The_divergence_is_that_of_the_two_distributions()
    {
        Random random = new(1);
        for (int round = 0; round < 50; round++)
        {
            float[] dense = Random(random, 97, 8), predicted = [.. dense.Select(x => x + ((random.NextSingle() - 0.5f) * 2))];
            double expected = Enumerable.Range(0, dense.Length).Sum(i =>
            {
                double p = -Likelihood.NegativeLog(dense, i), q = -Likelihood.NegativeLog(predicted, i);
                return Math.Exp(p) * (p - q);
            });
            (bool agrees, double divergence) = LogitsComparison.Compare(dense, predicted);
            divergence.Should().BeApproximately(expected, 1e-9).And.BePositive();
            agrees.Should().Be(dense.AsSpan().IndexOf(dense.Max()) == predicted.AsSpan().IndexOf(predicted.Max()));
        }
    }

    [Fact]
    public void Equal_logits_diverge_by_exactly_nothing_however_large()
    {
        float[] logits = Random(new Random(2), 1000, 300);
        LogitsComparison.Compare(logits, logits).Should().Be((true, 0.0));
        LogitsComparison.Compare([5, 5], [5, 5]).Should().Be((true, 0.0));
    }

    [Fact]
    public void A_constant_added_to_all_logits_changes_nothing()
    {
        (bool agrees, double divergence) = LogitsComparison.Compare([1, 2, 4], [101, 102, 104]);
        agrees.Should().BeTrue();
        divergence.Should().BeInRange(0, 1e-12);
    }

    [Fact]
    public void Among_equals_the_lowest_token_counts() => LogitsComparison.Compare([3, 7, 7], [3, 6, 7]).Agrees.Should().BeFalse();

    [Fact]
    public void Rows_are_compared_with_the_rows_that_were_kept()
    {
        using NativeArena arena = new(LogitsComparison.RequiredBytes(2, 3));
        LogitsComparison comparison = new(arena, 2, 3);
        comparison.Keep(0, [9, 0, 0]);
        comparison.Keep(1, [0, 9, 0]);
        comparison.Compare(0, [9, 0, 0]);
        comparison.Compare(1, [0, 0, 9]);
        comparison.AgreementShare.Should().Be(0.5);
        comparison.MeanDivergenceNats.Should().Be(LogitsComparison.Compare([0, 9, 0], [0, 0, 9]).DivergenceNats / 2);
    }

    private static float[] Random(Random random, int count, float scale) =>
        [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() - 0.5f) * scale)];
}
