using Neuralink.Evaluation;

namespace Neuralink.Engine.Tests.Evaluation;

public sealed class SlidingWindowsTests
{
    [Fact]
    public void Windows_overlap_by_what_the_stride_leaves_and_the_last_may_be_shorter()
    {
        ScoreWindow[] windows = [.. SlidingWindows.Cut([[.. Enumerable.Range(0, 11)], [20, 21]], windowTokens: 6, strideTokens: 2)];
        windows.Select(w => string.Join(' ', w.Tokens.ToArray()) + $" | {w.ContextTokens}").Should().Equal(
            "0 1 2 3 4 5 | 1", "2 3 4 5 6 7 | 4", "4 5 6 7 8 9 | 4", "6 7 8 9 10 | 4", "20 21 | 1");
        windows.Select(w => w.ScoredTokens).Should().Equal(5, 2, 2, 1, 1);
    }

    [Fact]
    public void Every_token_but_a_texts_first_is_scored_once_with_the_context_that_is_promised()
    {
        Random random = new(1);
        for (int round = 0; round < 300; round++)
        {
            int window = random.Next(2, 20), stride = random.Next(1, window);
            int next = 0;
            int[][] texts =
            [
                .. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Enumerable.Range(0, random.Next(2, 60)).Select(_ => next++).ToArray())
            ];
            HashSet<int> firsts = [.. texts.Select(text => text[0])];
            List<int> scored = [];
            foreach (ScoreWindow w in SlidingWindows.Cut(texts, window, stride))
            {
                int[] tokens = w.Tokens.ToArray();
                tokens.Length.Should().BeInRange(2, window);
                (w.ContextTokens == 1 && firsts.Contains(tokens[0])).Should().Be(firsts.Contains(tokens[0]));
                w.ContextTokens.Should().BeGreaterThanOrEqualTo(firsts.Contains(tokens[0]) ? 1 : window - stride);
                scored.AddRange(tokens[w.ContextTokens..]);
            }
            scored.Should().Equal(texts.SelectMany(text => text[1..]));
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 0)]
    [InlineData(4, 4)]
    public void Windows_without_context_are_a_programmers_error(int window, int stride) =>
        FluentActions.Invoking(() => SlidingWindows.Cut([[1, 2, 3]], window, stride)).Should().Throw<ArgumentOutOfRangeException>();

    [Fact]
    public void A_text_of_one_token_has_nothing_to_score() =>
        FluentActions.Invoking(() => SlidingWindows.Cut([[1]], 4, 2)).Should().Throw<ArgumentException>();
}
