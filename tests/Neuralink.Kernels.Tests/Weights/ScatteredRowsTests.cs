namespace Neuralink.Kernels.Tests;

public class ScatteredRowsTests
{
    private static readonly int[] Counts = [0, 1, 2, 3, 4, 5, 7, 8, 9, 17];

    public static TheoryData<WeightFormat> Formats => new([.. Samples.Formats, WeightFormat.Q8_0, WeightFormat.Q4_0]);

    [Theory]
    [MemberData(nameof(Formats))]
    public void Dots_of_rows_that_lie_anywhere_have_the_bits_of_one_after_the_other_on_every_instruction_set(WeightFormat format)
    {
        foreach (int columns in new[] { 1, 31, 33, 130, 256, 400, 512 })
        {
            (byte[] region, nint[] offsets) = RowsOf(format, Counts[^1], columns);
            ProductInput x = new(Samples.Floats(3, columns), BlockWeightKernelsTests.Quantized(3, columns));
            foreach ((string name, WeightKernels kernels) in SetsOf(format))
            {
                foreach (int count in Counts)
                {
                    float[] y = new float[count], expected = new float[count];
                    for (int i = 0; i < count; i++)
                        expected[i] = WeightKernels.For(format).Dot(region.AsSpan((int)offsets[i], kernels.RowBytes(columns)), x);

                    kernels.DotRows(new ScatteredRows(in region[0], offsets.AsSpan(0, count)), x, y);

                    y.Should().Equal(expected, $"{name}, {count} rows of {columns}");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Rows_that_lie_anywhere_are_added_in_turn_at_any_range_of_columns_on_every_instruction_set(WeightFormat format)
    {
        foreach (int columns in new[] { 1, 33, 130, 256, 400, 512, 672 })
        {
            (byte[] region, nint[] offsets) = RowsOf(format, Counts[^1], columns);
            float[] start = Samples.Floats(4, columns), scales = Samples.Floats(5, offsets.Length);
            foreach (ColumnRange range in RangesOf(columns))
            {
                foreach (int count in Counts)
                {
                    float[] expected = [.. start[range.Begin..range.End]];
                    for (int i = 0; i < count; i++)
                    {
                        ReadOnlySpan<byte> row = region.AsSpan((int)offsets[i], WeightKernels.For(format).RowBytes(columns));
                        WeightKernels.For(format).AddScaled(scales[i], row, range, expected);
                    }

                    foreach ((string name, WeightKernels kernels) in SetsOf(format))
                    {
                        float[] y = [.. start[range.Begin..range.End]];
                        kernels.AddScaledRows(
                            scales.AsSpan(0, count), new ScatteredRows(in region[0], offsets.AsSpan(0, count)), range, y);
                        y.AsSpan().SequenceEqual(expected).Should().BeTrue($"{name}, {count} rows, {range}");
                    }
                }
            }
        }
    }

    [Fact]
    public void What_is_read_next_is_asked_for_and_at_the_end_nothing_else()
    {
        byte[] region = new byte[64];
        nint[] offsets = [40, 8, 0, 16, 24];
        ScatteredRows rows = new(in region[0], offsets);
        rows.UpcomingOffset(0, 4).Should().Be(24);
        rows.UpcomingOffset(1, 4).Should().Be(8);
        rows.Count.Should().Be(5);
    }

    private static IEnumerable<ColumnRange> RangesOf(int columns)
    {
        yield return ColumnRange.Whole(columns);
        for (int begin = 0; begin < columns; begin += 96)
            yield return new ColumnRange(columns, begin, Math.Max(begin, columns - 37));
    }

    private static IEnumerable<(string Name, WeightKernels Kernels)> SetsOf(WeightFormat format) =>
        format is WeightFormat.Q8_0 or WeightFormat.Q4_0
            ? BlockWeightKernelsTests.InstructionSets(format)
            : Samples.InstructionSets(format);

    /// <summary>Rows in no order, with gaps of an odd length; the last one ends where the region does.</summary>
    private static (byte[] Region, nint[] Offsets) RowsOf(WeightFormat format, int count, int columns)
    {
        int rowBytes = WeightKernels.For(format).RowBytes(columns), gap = 13;
        byte[] region = new byte[(count * (rowBytes + gap)) - gap];
        nint[] offsets = [.. Enumerable.Range(0, count).Select(i => (nint)(i * (rowBytes + gap)))];
        new Random(columns).Shuffle(offsets);
        for (int i = 0; i < count; i++)
            Samples.Weights(format, i, columns).CopyTo(region.AsSpan((int)offsets[i]));
        return (region, offsets);
    }
}
