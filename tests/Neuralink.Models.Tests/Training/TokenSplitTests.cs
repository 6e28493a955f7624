using Neuralink.Models.Training;
using Neuralink.Storage;

namespace Neuralink.Models.Tests.Training;

public sealed class TokenSplitTests
{
    [Theory]
    [InlineData(16)]
    [InlineData(333)]
    [InlineData(5000)]
    public void Every_token_is_in_one_part_and_no_block_in_two(int tokens)
    {
        TokenSplit split = TokenSplit.Of("a.trace", tokens, heldOutShare: 0.15, seed: 1);
        int[][] parts = [split.Training, split.Calibration, split.HeldOut];
        parts.SelectMany(part => part).Order().Should().Equal(Enumerable.Range(0, tokens));
        foreach (int[] part in parts)
            part.Should().NotBeEmpty().And.BeInAscendingOrder();
        for (int i = 0; i < 3; i++)
        {
            int[] blocks = [.. parts[i].Select(token => token / split.BlockTokens).Distinct()];
            parts.Where((_, j) => j != i).SelectMany(part => part).Select(token => token / split.BlockTokens)
                .Should().NotContain(block => blocks.Contains(block));
        }
    }

    [Fact]
    public void The_seed_chooses_the_blocks()
    {
        Split(1).HeldOut.Should().Equal(Split(1).HeldOut);
        Split(2).HeldOut.Should().NotEqual(Split(1).HeldOut);
        Split(1).HeldOut.Length.Should().BeInRange(1400, 1600);

        static TokenSplit Split(ulong seed) => TokenSplit.Of("a.trace", 10_000, 0.15, seed);
    }

    [Fact]
    public void Too_few_tokens_are_said_in_a_line() => FluentActions.Invoking(() => TokenSplit.Of("a.trace", 15, 0.15, 1))
        .Should().Throw<NeuralinkException>().WithMessage(
            "cannot train on a.trace: expected at least 16 tokens, found 15; trace a longer text*");
}
