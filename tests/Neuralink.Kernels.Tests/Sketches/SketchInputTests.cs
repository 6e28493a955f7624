namespace Neuralink.Kernels.Tests;

public class SketchInputTests
{
    [Fact]
    public void Quantising_equals_its_reference_at_ragged_lengths()
    {
        foreach (int length in SketchSamples.Lengths())
        {
            float[] x = Samples.Normal(length, length);
            sbyte[] q = new sbyte[length + 5], expected = new sbyte[length + 5];
            Array.Fill(q, (sbyte)77);
            SketchInput reference = SketchInput.Reference(x, expected);

            SketchInput input = SketchInput.Quantize(x, q);

            q.Should().Equal(expected, "at {0}", length);
            input.Scale.Should().Be(reference.Scale);
            input.Sum.Should().Be(reference.Sum);
            input.Norm.Should().BeApproximately(reference.Norm, 1e-5f * reference.Norm);
            input.Error.Should().BeApproximately(reference.Error, 1e-3f * reference.Error);
        }
    }

    [Fact]
    public void The_largest_value_becomes_127_and_half_a_step_is_the_most_that_is_lost()
    {
        float[] x = [0.3f, -2.54f, 1.27f, 0.005f];
        sbyte[] q = new sbyte[4];

        SketchInput input = SketchInput.Quantize(x, q);

        q[1].Should().Be(-127);
        for (int c = 0; c < x.Length; c++)
            (input.Scale * q[c]).Should().BeApproximately(x[c], (input.Scale / 2) + 1e-6f);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(1e-38f)]
    public void What_is_zero_or_too_small_for_a_scale_is_zero(float value)
    {
        sbyte[] q = [1, 1, 1];

        SketchInput input = SketchInput.Quantize([value, -value, 0], q);

        input.Scale.Should().Be(0);
        q.Should().OnlyContain(level => level == 0);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void What_is_not_finite_makes_the_products_NaN(float value)
    {
        SketchInput.Quantize([1, value], new sbyte[2]).Scale.Should().Be(float.NaN);
    }
}
