using Neuralink.Models.Training;

namespace Neuralink.Models.Tests.Training;

public sealed class AdamWTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(37)]
    public void Three_steps_are_the_papers_at_any_length(int length)
    {
        Random random = new(3);
        float[] weights = [.. Enumerable.Range(0, length).Select(_ => random.NextSingle() - 0.5f)], mean = new float[length],
            square = new float[length];
        double[] expected = [.. weights.Select(w => (double)w)], m = new double[length], v = new double[length];
        for (int step = 1; step <= 3; step++)
        {
            float[] gradients = [.. Enumerable.Range(0, length).Select(i => i == 0 ? 0 : random.NextSingle() - 0.5f)];
            new AdamW(rate: 0.01f, decay: 0.1f, step).Update(weights, gradients, mean, square);
            for (int i = 0; i < length; i++)
            {
                m[i] = (0.9 * m[i]) + (0.1 * gradients[i]);
                v[i] = (0.999 * v[i]) + (0.001 * gradients[i] * gradients[i]);
                double adapted = m[i] / (1 - Math.Pow(0.9, step)) / (Math.Sqrt(v[i] / (1 - Math.Pow(0.999, step))) + 1e-8);
                expected[i] -= 0.01 * (adapted + (0.1 * expected[i]));
            }
        }
        for (int i = 0; i < length; i++)
            weights[i].Should().BeApproximately((float)expected[i], 2e-5f);
    }

    [Fact]
    public void Lengths_that_differ_are_refused() =>
        FluentActions.Invoking(() => new AdamW(1, 0, 1).Update(new float[3], new float[2], new float[3], new float[3]))
            .Should().Throw<ArgumentException>();
}
