namespace Neuralink.Kernels.Tests;

public class RopeTests
{
    [Fact]
    public void Apply_has_its_references_bits_for_every_head_dimension()
    {
        for (int headDim = 2; headDim <= 130; headDim += 2)
        {
            (float[] cos, float[] sin) = Table(headDim, position: 17);
            float[] heads = Samples.Floats(headDim, 3 * headDim);
            float[] expected = [.. heads];
            Rope.Reference(expected, headDim, cos, sin);

            Rope.Apply(heads, headDim, cos, sin);

            heads.Should().Equal(expected, $"head dimension {headDim}");
        }
    }

    [Fact]
    public void A_head_turns_by_the_angle_of_its_pair_of_halves()
    {
        // headDim 4, theta 100: frequencies 1 and 1/10. At position 3 the pairs (0, 2) and (1, 3) turn by 3 and by 0.3.
        (float[] cos, float[] sin) = Table(4, position: 3, theta: 100f);
        float[] head = [1f, 0f, 0f, 2f];

        Rope.Apply(head, 4, cos, sin);

        head[0].Should().BeApproximately(MathF.Cos(3f), 1e-6f);
        head[2].Should().BeApproximately(MathF.Sin(3f), 1e-6f);
        head[1].Should().BeApproximately(-2f * MathF.Sin(0.3f), 1e-6f);
        head[3].Should().BeApproximately(2f * MathF.Cos(0.3f), 1e-6f);
    }

    [Fact]
    public void Scores_depend_on_the_distance_of_positions_only()
    {
        float[] q = Samples.Floats(1, 64);
        float[] k = Samples.Floats(2, 64);
        Score(5, 3).Should().BeApproximately(Score(105, 103), 1e-3f);
        Score(5, 3).Should().NotBeApproximately(Score(5, 4), 1e-3f);

        float Score(int queryPosition, int keyPosition)
        {
            float[] turnedQ = [.. q], turnedK = [.. k];
            (float[] cos, float[] sin) = Table(64, queryPosition);
            Rope.Apply(turnedQ, 64, cos, sin);
            (cos, sin) = Table(64, keyPosition);
            Rope.Apply(turnedK, 64, cos, sin);
            return turnedQ.Zip(turnedK, (a, b) => a * b).Sum();
        }
    }

    [Fact]
    public void Position_zero_changes_nothing()
    {
        (float[] cos, float[] sin) = Table(32, position: 0);
        float[] heads = Samples.Floats(1, 64);
        float[] turned = [.. heads];
        Rope.Apply(turned, 32, cos, sin);
        turned.Should().Equal(heads);
    }

    [Fact]
    public void Wrong_lengths_are_refused_and_nothing_is_allocated()
    {
        (float[] cos, float[] sin) = Table(32, position: 1);
        float[] heads = Samples.Floats(1, 64);
        float[] frequencies = new float[16];
        FluentActions.Invoking(() => Rope.Apply(heads, 31, cos, sin)).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => Rope.Apply(heads.AsSpan(1), 32, cos, sin)).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => Rope.Apply(heads, 64, cos, sin)).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => Rope.FillTable(cos, 1, cos.AsSpan(1), sin)).Should().Throw<ArgumentException>();
        Allocations.BytesOf(() =>
        {
            Rope.FillInverseFrequencies(10000f, frequencies);
            Rope.FillTable(frequencies, 9, cos, sin);
            Rope.Apply(heads, 32, cos, sin);
        }).Should().Be(0);
    }

    private static (float[] Cos, float[] Sin) Table(int headDim, int position, float theta = 10000f)
    {
        float[] frequencies = new float[headDim / 2];
        float[] cos = new float[headDim / 2];
        float[] sin = new float[headDim / 2];
        Rope.FillInverseFrequencies(theta, frequencies);
        Rope.FillTable(frequencies, position, cos, sin);
        return (cos, sin);
    }
}
