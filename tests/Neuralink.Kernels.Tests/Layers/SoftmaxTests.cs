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
            {
                y[i].Should().BeApproximately(expected[i], 2e-6f);
            }

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
