namespace Neuralink.Kernels.Tests;

public class ScreenRowsTests
{
    [Fact]
    public void Products_equal_their_reference_at_ragged_lengths()
    {
        foreach (int columns in Samples.Lengths())
        {
            foreach (int rows in (int[])[0, 1, 3, 4, 5, 8, 11])
            {
                (sbyte[] packed, _) = Encode(Samples.Normal(columns, rows * columns), rows, columns);
                short[] input = new short[ScreenRows.Padded(columns)];
                ScreenRows.EncodeInput(Samples.Normal(7, columns), input);
                float[] y = new float[rows], expected = new float[rows];

                ScreenRows.Multiply(packed, input, y);

                ScreenRows.Reference(packed, input, expected);
                y.Should().Equal(expected, "of {0} rows and {1} columns", rows, columns);
            }
        }
    }

    [Theory]
    [InlineData(256)]
    [InlineData(4096)]
    [InlineData(8192)]
    [InlineData(20000)]
    public void The_largest_sums_do_not_overflow(int columns)
    {
        float[] ones = new float[5 * columns];
        Array.Fill(ones, -1f);
        (sbyte[] packed, _) = Encode(ones, 5, columns);
        short[] input = new short[ScreenRows.Padded(columns)];
        ScreenRows.EncodeInput(ones.AsSpan(0, columns), input);
        float[] y = new float[5];

        ScreenRows.Multiply(packed, input, y);

        y.Should().AllSatisfy(sum => sum.Should().Be((float)(127L * ScreenRows.InputLevels(columns) * columns)));
    }

    [Fact]
    public void Half_a_step_is_the_most_that_is_lost()
    {
        float[] values = Samples.Normal(5, 300);
        sbyte[] row = new sbyte[ScreenRows.Padded(300)];
        short[] input = new short[row.Length];
        float[] decoded = new float[300];
        float scale = ScreenRows.Encode(values, row), inputScale = ScreenRows.EncodeInput(values, input);
        ScreenRows.Decode(row, scale, decoded);
        for (int c = 0; c < values.Length; c++)
        {
            decoded[c].Should().BeApproximately(values[c], scale * 0.501f);
            (inputScale * input[c]).Should().BeApproximately(values[c], inputScale * 0.51f);
        }
        (row[300..].Concat(row[300..]).Sum(q => q), input[300..].Sum(q => q)).Should().Be((0, 0));
    }

    [Theory]
    [InlineData(0f, 0f)]
    [InlineData(float.NaN, float.NaN)]
    [InlineData(float.PositiveInfinity, float.NaN)]
    public void Zeros_have_no_scale_and_what_is_not_finite_has_none_that_is_a_number(float value, float scale)
    {
        float[] values = new float[20];
        values[3] = value;
        short[] input = new short[32];
        Array.Fill(input, (short)9);
        ScreenRows.EncodeInput(values, input).Should().Be(scale);
        input.Should().AllBeEquivalentTo((short)0);
    }

    private static (sbyte[] Packed, float[] Scales) Encode(float[] weights, int rows, int columns)
    {
        int padded = ScreenRows.Padded(columns);
        sbyte[] packed = new sbyte[rows * padded];
        float[] scales = new float[rows];
        for (int r = 0; r < rows; r++)
            scales[r] = ScreenRows.Encode(weights.AsSpan(r * columns, columns), packed.AsSpan(r * padded, padded));
        return (packed, scales);
    }
}
