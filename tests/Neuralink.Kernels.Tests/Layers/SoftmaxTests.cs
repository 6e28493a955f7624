using System.Numerics.Tensors;

namespace Neuralink.Kernels.Tests;

public class SoftmaxTests
{
    [Fact]
    public void Softmax_equals_its_reference_at_ragged_lengths_and_in_place()
    {
        foreach (int length in Samples.Lengths())
        {
            float[] x = Samples.Floats(length, length, 20f);
            float[] expected = new float[length];
            Softmax.Reference(x, expected);
            float[] y = new float[length];

            Softmax.Apply(x, y);
            Softmax.Apply(x, x);

            for (int i = 0; i < length; i++)
                y[i].Should().BeApproximately(expected[i], 2e-6f);

            x.Should().Equal(y);
        }
    }

    [Fact]
    public void Large_scores_do_not_overflow_and_minus_infinity_gets_nothing()
    {
        float[] y = new float[3];
        Softmax.Apply([1e30f, 1e30f, float.NegativeInfinity], y);
        y.Should().Equal(0.5f, 0.5f, 0f);
    }

    [Fact]
    public void What_is_below_two_to_the_minus_102_is_zero_and_no_other_value_changes_by_that()
    {
        // Every step of 0.1 from 0 to -200. The sum is 10.5, so exp(-0.1 i) / 10.5 is at least 2^-102 for i up to 683.
        float[] x = [.. Enumerable.Range(0, 2001).Select(i => i * -0.1f)];
        float[] unbounded = new float[x.Length];
        TensorPrimitives.Exp(x, unbounded);
        float sum = Reductions.Sum(unbounded);
        float[] y = new float[x.Length];

        Softmax.Apply(x, y);

        y.Should().Equal(unbounded.Select(value => value / sum < MathF.ScaleB(1, -102) ? 0f : value / sum));
        y.Count(value => value != 0).Should().Be(684);
    }

    [SubnormalFact]
    public void Softmax_meets_no_subnormal_numbers()
    {
        float[] x = [.. Enumerable.Range(0, 2003).Select(i => i * -0.1f), float.NegativeInfinity];
        float[] y = new float[x.Length];
        SubnormalFlags.RaisedBy(() => Softmax.Apply(x, y)).Should().Be(Subnormals.None);
    }

    [Fact]
    public void Softmax_does_not_depend_on_where_the_values_lie()
    {
        float[] x = Samples.Floats(3, 1001, 5f);
        float[] expected = new float[1001];
        Softmax.Apply(x, expected);
        for (int offset = 1; offset < 17; offset++)
        {
            float[] moved = new float[1001 + offset];
            x.CopyTo(moved, offset);
            Softmax.Apply(moved.AsSpan(offset), moved.AsSpan(offset));
            moved.AsSpan(offset).SequenceEqual(expected).Should().BeTrue($"offset {offset}");
        }
    }

    [Fact]
    public void Softmax_allocates_nothing()
    {
        float[] x = Samples.Floats(1, 77);
        Allocations.BytesOf(() => Softmax.Apply(x, x)).Should().Be(0);
    }
}
