using Neuralink.Models.Sampling;

namespace Neuralink.Models.Tests.Sampling;

public class LogProbReaderTests
{
    [Fact]
    public void Probabilities_are_the_softmax_of_the_logits()
    {
        Random random = new(4);
        float[] logits = [.. Enumerable.Range(0, 200).Select(_ => (float)((random.NextDouble() * 30) - 15))];
        double sum = logits.Sum(logit => Math.Exp(logit));

        TokenLogProbs found = new LogProbReader(5, logits.Length).Read(logits, 17);

        found.Chosen.Id.Should().Be(17);
        found.Chosen.LogProb.Should().BeApproximately(Math.Log(Math.Exp(logits[17]) / sum), 1e-9);
        found.Top.Select(token => token.Id).Should().Equal(
            Enumerable.Range(0, logits.Length).OrderByDescending(id => logits[id]).ThenBy(id => id).Take(5));
        foreach (TokenLogProb token in found.Top)
            token.LogProb.Should().BeApproximately(Math.Log(Math.Exp(logits[token.Id]) / sum), 1e-9);
    }

    [Fact]
    public void Logits_far_from_zero_and_tokens_that_cannot_follow_are_no_trouble()
    {
        TokenLogProbs found = new LogProbReader(3, 3).Read([5000, float.NegativeInfinity, 4000], 0);

        found.Chosen.LogProb.Should().Be(0);
        found.Top.Select(token => token.LogProb).Should().Equal(0, -1000, double.NegativeInfinity);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(2, 2)]
    [InlineData(20, 4)]
    public void As_many_as_were_asked_for_are_given_unless_there_are_fewer(int top, int given) =>
        new LogProbReader(top, 4).Read([1, 2, 3, 4], 0).Top.Should().HaveCount(given);

    [Fact]
    public void A_second_reading_knows_nothing_of_the_first()
    {
        LogProbReader reader = new(2, 4);
        reader.Read([1, 2, 3, 4], 0);

        reader.Read([4, 3, 2, 1], 0).Top.Select(token => token.Id).Should().Equal(0, 1);
    }
}
