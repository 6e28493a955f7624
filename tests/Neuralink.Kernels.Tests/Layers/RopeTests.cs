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

    [Theory]
    [InlineData(10, 6)]
    [InlineData(80, 32)]
    [InlineData(128, 64)]
    [InlineData(7, 0)]
    public void A_part_of_a_head_turns_and_the_rest_stays(int headDim, int width)
    {
        (float[] cos, float[] sin) = Table(width, position: 3);
        float[] heads = Samples.Floats(1, 3 * headDim), turned = [.. heads], alone = new float[width];
        Rope.Apply(turned, headDim, cos, sin);
        for (int begin = 0; begin < heads.Length; begin += headDim)
        {
            heads.AsSpan(begin, width).CopyTo(alone);
            if (width > 0)
                Rope.Apply(alone, width, cos, sin);
            turned[begin..(begin + width)].Should().Equal(alone);
            turned[(begin + width)..(begin + headDim)].Should().Equal(heads[(begin + width)..(begin + headDim)]);
        }
    }

    [Fact]
    public void Neighbours_turn_as_halves_do_when_their_elements_are_sorted()
    {
        (float[] cos, float[] sin) = Table(12, position: 3);
        float[] neighbours = Samples.Floats(1, 28), halves = [.. Sorted(neighbours)];
        Rope.ApplyToNeighbours(neighbours, 14, cos, sin);
        Rope.Apply(halves, 14, cos, sin);
        Sorted(neighbours).Should().Equal(halves);

        static IEnumerable<float> Sorted(float[] heads) => heads.Chunk(14).SelectMany(
            head => head[..12].Where((_, i) => i % 2 == 0).Concat(head[..12].Where((_, i) => i % 2 == 1)).Concat(head[12..]));
    }

    [Fact]
    public void An_amplitude_scales_cosines_and_sines()
    {
        float[] cos = new float[3], sin = new float[3];
        (float[] plainCos, float[] plainSin) = Table(6, position: 5);
        float[] frequencies = new float[3];
        Rope.FillInverseFrequencies(10000f, frequencies);
        Rope.FillTable(frequencies, 5, 1.25f, cos, sin);
        cos.Should().Equal(plainCos.Select(c => c * 1.25f));
        sin.Should().Equal(plainSin.Select(c => c * 1.25f));
    }

    [Fact]
    public void Wrong_lengths_are_refused_and_nothing_is_allocated()
    {
        (float[] cos, float[] sin) = Table(32, position: 1);
        float[] heads = Samples.Floats(1, 64);
        float[] frequencies = new float[16];
        FluentActions.Invoking(() => Rope.Apply(heads, 31, cos, sin)).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => Rope.Apply(heads.AsSpan(1), 32, cos, sin)).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => Rope.Apply(heads, 24, cos, sin)).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => Rope.FillTable(cos, 1, 1, cos.AsSpan(1), sin)).Should().Throw<ArgumentException>();
        Allocations.BytesOf(() =>
        {
            Rope.FillInverseFrequencies(10000f, frequencies);
            Rope.FillTable(frequencies, 9, 1, cos, sin);
            Rope.Apply(heads, 32, cos, sin);
        }).Should().Be(0);
    }

    private static (float[] Cos, float[] Sin) Table(int headDim, int position, float theta = 10000f)
    {
        float[] frequencies = new float[headDim / 2];
        float[] cos = new float[headDim / 2];
        float[] sin = new float[headDim / 2];
        Rope.FillInverseFrequencies(theta, frequencies);
        Rope.FillTable(frequencies, position, 1, cos, sin);
        return (cos, sin);
    }
}
