namespace Neuralink.Kernels.Tests;

public class NormTests
{
    [Fact]
    public void RmsNorm_equals_its_reference_at_ragged_lengths_and_in_place()
    {
        foreach (int length in Samples.Lengths().Where(length => length > 0))
        {
            float[] x = Samples.Floats(length, length, 3f);
            float[] weight = Samples.Floats(length + 1, length);
            float[] expected = new float[length];
            RmsNorm.Reference(x, weight, 1e-5f, expected);
            float[] y = new float[length];

            RmsNorm.Apply(x, weight, 1e-5f, y);
            RmsNorm.Apply(x, weight, 1e-5f, x);

            Near(y, expected, 2e-6f);
            x.Should().Equal(y);
        }
    }

    [Fact]
    public void LayerNorm_equals_its_reference_at_ragged_lengths_and_in_place()
    {
        foreach (int length in Samples.Lengths().Where(length => length > 0))
        {
            float[] x = Samples.Floats(length, length, 3f).Select(value => value + 5f).ToArray();
            float[] weight = Samples.Floats(length + 1, length);
            float[] bias = Samples.Floats(length + 2, length);
            float[] expected = new float[length];
            LayerNorm.Reference(x, weight, bias, 1e-5f, expected);
            float[] y = new float[length];

            LayerNorm.Apply(x, weight, bias, 1e-5f, y);
            LayerNorm.Apply(x, weight, bias, 1e-5f, x);

            // One element less its own mean is zero up to the mean's rounding, which the division by sqrt(epsilon) makes larger.
            Near(y, expected, 2e-5f);
            x.Should().Equal(y);
        }
    }

    [Fact]
    public void Norms_of_zeros_are_finite()
    {
        float[] y = new float[5];
        RmsNorm.Apply(new float[5], Samples.Floats(1, 5), 1e-5f, y);
        y.Should().OnlyContain(value => value == 0f);
        LayerNorm.Apply(new float[5], Samples.Floats(1, 5), new float[5], 1e-5f, y);
        y.Should().OnlyContain(value => value == 0f);
    }

    [Fact]
    public void A_sum_does_not_depend_on_where_the_values_lie_nor_on_the_instruction_set()
    {
        foreach (int length in Samples.Lengths())
        {
            float[] values = Samples.Floats(length, length);
            float expected = Reductions.Sum(values);
            Reductions.Sum<Lanes512>(values).Should().Be(expected);
            Reductions.Sum<Lanes256>(values).Should().Be(expected);
            Reductions.Sum<Lanes128>(values).Should().Be(expected);
            expected.Should().BeApproximately((float)values.Sum(value => (double)value), 1e-4f);
            for (int offset = 1; offset < 17; offset++)
            {
                float[] moved = new float[length + offset];
                values.CopyTo(moved, offset);
                Reductions.Sum(moved.AsSpan(offset)).Should().Be(expected);
                Reductions.SumOfSquares(moved.AsSpan(offset)).Should().Be(Reductions.SumOfSquares(values));
            }
        }
    }

    [Fact]
    public void Wrong_lengths_are_refused_and_nothing_is_allocated()
    {
        float[] x = Samples.Floats(1, 77);
        float[] y = new float[77];
        FluentActions.Invoking(() => RmsNorm.Apply(x, y.AsSpan(1), 1e-5f, y)).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => LayerNorm.Apply(x, y, y.AsSpan(1), 1e-5f, y)).Should().Throw<ArgumentException>();
        Allocations.BytesOf(() =>
        {
            RmsNorm.Apply(x, x, 1e-5f, y);
            LayerNorm.Apply(x, x, x, 1e-5f, y);
        }).Should().Be(0);
    }

    private static void Near(float[] found, float[] expected, float tolerance)
    {
        for (int i = 0; i < expected.Length; i++)
            found[i].Should().BeApproximately(expected[i], tolerance * MathF.Max(1f, MathF.Abs(expected[i])), $"{i} of {expected.Length}");
    }
}
