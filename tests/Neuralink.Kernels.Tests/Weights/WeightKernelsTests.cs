namespace Neuralink.Kernels.Tests;

public class WeightKernelsTests
{
    public static TheoryData<WeightFormat> Formats => new(Samples.Formats);

    [Theory]
    [MemberData(nameof(Formats))]
    public void Dot_is_near_the_exact_sum_and_has_the_canonical_bits_on_every_instruction_set(WeightFormat format)
    {
        foreach ((string name, WeightKernels kernels) in Samples.InstructionSets(format))
        {
            foreach (int length in Samples.Lengths())
            {
                byte[] row = Samples.Weights(format, length + 1, length);
                float[] x = Samples.Floats(length + 2, length);

                float dot = kernels.Dot(row, x);

                dot.Should().Be(WeightReference.CanonicalDot(format, row, x), $"{name} at {length}");
                dot.Should().BeApproximately(WeightReference.Dot(format, row, x), 1e-5f * MathF.Max(1, MathF.Sqrt(length)));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void MatMul_equals_its_reference_at_ragged_rows_columns_and_batches(WeightFormat format)
    {
        foreach ((string name, WeightKernels kernels) in Samples.InstructionSets(format))
        {
            foreach (int columns in new[] { 0, 1, 15, 16, 17, 33, 64, 130, 512 })
            {
                foreach (int rowCount in new[] { 0, 1, 2, 3, 4, 5, 7, 37 })
                {
                    foreach (int batch in new[] { 0, 1, 2, 3, 4, 5, 6, 7, 8, 11 })
                    {
                        var shape = new MatMulShape(rowCount, columns, batch, OutputOffset: 2, OutputStride: rowCount + 5);
                        byte[] rows = Samples.Weights(format, rowCount, rowCount * columns);
                        float[] x = Samples.Floats(batch, batch * columns);
                        float[] bias = batch % 2 == 0 ? [] : Samples.Floats(columns, rowCount);
                        float[] y = Samples.Floats(9, (batch * shape.OutputStride) + 3);
                        float[] expected = [.. y];
                        WeightReference.MatMul(format, rows, x, bias, expected, shape);

                        kernels.MatMul(rows, x, bias, y, shape);

                        y.AsSpan().SequenceEqual(expected).Should().BeTrue($"{name}: {shape}");
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_value_has_the_same_bits_from_Dot_and_from_MatMul_at_any_batch_and_row_split(WeightFormat format)
    {
        const int Rows = 83, Columns = 301, Batch = 64;
        WeightKernels kernels = WeightKernels.For(format);
        byte[] rows = Samples.Weights(format, 1, Rows * Columns);
        float[] x = Samples.Floats(2, Batch * Columns);
        int rowBytes = kernels.RowBytes(Columns);
        float[] dots = new float[Batch * Rows];
        for (int i = 0; i < dots.Length; i++)
            dots[i] = kernels.Dot(rows.AsSpan(i % Rows * rowBytes, rowBytes), x.AsSpan(i / Rows * Columns, Columns));

        foreach (int batch in new[] { 1, 2, 3, 4, 7, 13, 64 })
        {
            foreach (int split in new[] { 1, 2, 3, 5, 32, 41, 83 })
            {
                float[] y = new float[Batch * Rows];
                for (int b = 0; b < Batch; b += batch)
                {
                    int count = Math.Min(batch, Batch - b);
                    for (int r = 0; r < Rows; r += split)
                    {
                        MatMulShape share = MatMulShape.Whole(Rows, Columns, count).Rows(r, Math.Min(Rows, r + split));
                        kernels.MatMul(
                            rows.AsSpan(r * rowBytes, share.RowCount * rowBytes),
                            x.AsSpan(b * Columns, count * Columns),
                            [],
                            y.AsSpan(b * Rows, count * Rows),
                            share);
                    }
                }

                y.AsSpan().SequenceEqual(dots).Should().BeTrue($"batch {batch}, split {split}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void AddScaled_equals_its_reference_at_ragged_lengths_on_every_instruction_set(WeightFormat format)
    {
        foreach ((string name, WeightKernels kernels) in Samples.InstructionSets(format))
        {
            foreach (int length in Samples.Lengths())
            {
                byte[] row = Samples.Weights(format, length + 3, length);
                float[] y = Samples.Floats(length + 4, length);
                float[] expected = [.. y];
                WeightReference.AddScaled(format, 0.37f, row, expected);

                kernels.AddScaled(0.37f, row, ColumnRange.Whole(length), y);

                y.AsSpan().SequenceEqual(expected).Should().BeTrue($"{name} at {length}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void AddScaled_has_the_same_bits_at_any_split_of_the_columns(WeightFormat format)
    {
        const int Columns = 147;
        WeightKernels kernels = WeightKernels.For(format);
        byte[] row = Samples.Weights(format, 5, Columns);
        float[] whole = Samples.Floats(6, Columns);
        float[] start = [.. whole];
        kernels.AddScaled(-1.7f, row, ColumnRange.Whole(Columns), whole);

        for (int split = 0; split <= Columns; split += ColumnRange.Granularity)
        {
            float[] y = [.. start];
            kernels.AddScaled(-1.7f, row, new ColumnRange(Columns, 0, split), y.AsSpan(0, split));
            kernels.AddScaled(-1.7f, row, new ColumnRange(Columns, split, Columns), y.AsSpan(split));
            y.AsSpan().SequenceEqual(whole).Should().BeTrue($"split at {split}");
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Wrong_lengths_are_refused_before_anything_is_read(WeightFormat format)
    {
        WeightKernels kernels = WeightKernels.For(format);
        byte[] row = Samples.Weights(format, 1, 8);
        float[] seven = new float[7];
        float[] eight = new float[8];

        FluentActions.Invoking(() => kernels.Dot(row, seven)).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => kernels.AddScaled(1f, row, ColumnRange.Whole(7), seven)).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => kernels.Decode(row, seven)).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => kernels.Encode(seven, row)).Should().Throw<ArgumentException>();
        Product(row, seven, [], new float[1], MatMulShape.Whole(1, 8, 1)).Should().Throw<ArgumentException>();
        Product(row, eight, [], [], MatMulShape.Whole(1, 8, 1)).Should().Throw<ArgumentException>();
        Product(row, eight, [], new float[1], MatMulShape.Whole(2, 8, 1)).Should().Throw<ArgumentException>();
        Product(row, eight, new float[2], new float[1], MatMulShape.Whole(1, 8, 1)).Should().Throw<ArgumentException>();
        Product(row, eight, [], new float[2], new MatMulShape(1, 8, 1, 2, 3)).Should().Throw<ArgumentException>();
        Product(row, eight, [], new float[9], new MatMulShape(1, 8, 1, 2, 2)).Should().Throw<ArgumentException>();

        Action Product(byte[] rows, float[] x, float[] bias, float[] y, MatMulShape shape)
            => () => kernels.MatMul(rows, x, bias, y, shape);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void No_kernel_allocates(WeightFormat format)
    {
        const int Rows = 9, Columns = 77, Batch = 7;
        WeightKernels kernels = WeightKernels.For(format);
        byte[] rows = Samples.Weights(format, 1, Rows * Columns);
        byte[] row = Samples.Weights(format, 1, Columns);
        float[] x = Samples.Floats(2, Batch * Columns);
        float[] y = new float[Batch * Rows];
        float[] line = new float[Columns];

        Allocations.BytesOf(() =>
        {
            line[0] = kernels.Dot(row, x.AsSpan(0, Columns));
            kernels.MatMul(rows, x, [], y, MatMulShape.Whole(Rows, Columns, Batch));
            kernels.AddScaled(2f, row, ColumnRange.Whole(Columns), line);
            kernels.Encode(line, row);
            kernels.Decode(row, line);
            kernels.AllFinite(row, Columns);
        }).Should().Be(0);
    }
}
