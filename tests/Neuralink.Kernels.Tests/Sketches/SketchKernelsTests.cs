namespace Neuralink.Kernels.Tests;

public class SketchKernelsTests
{
    public static TheoryData<int> Bits => new(2, 3, 4);

    [Theory]
    [MemberData(nameof(Bits))]
    public void A_product_equals_its_reference_at_ragged_lengths_on_every_instruction_set(int bits)
    {
        foreach ((string name, SketchKernels kernels) in SketchSamples.InstructionSets(bits))
        {
            foreach (int length in SketchSamples.Lengths())
            {
                (byte[] packed, SketchRow[] rows) = SketchSamples.Encode(kernels, Samples.Normal(length + 1, length), 1, length);
                (sbyte[] q, SketchInput[] inputs) = SketchSamples.Quantize(kernels, Samples.Normal(length + 2, length), 1, length);
                float[] y = new float[1];

                kernels.MatMul(packed, rows, q, inputs, y, MatMulShape.Whole(1, length, 1));

                y[0].Should().Be(SketchReference.Dot(bits, packed, rows[0], q, inputs[0], length), $"{name} at {length}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Bits))]
    public void The_largest_levels_and_inputs_do_not_overflow(int bits)
    {
        const int Columns = 4096;
        float[] x = new float[Columns];
        Array.Fill(x, 3f);
        foreach ((string name, SketchKernels kernels) in SketchSamples.InstructionSets(bits))
        {
            byte[] packed = new byte[kernels.RowBytes(Columns)];
            Array.Fill(packed, (byte)0xFF);
            (sbyte[] q, SketchInput[] inputs) = SketchSamples.Quantize(kernels, x, 1, Columns);
            float[] y = new float[1];

            kernels.MatMul(packed, [new SketchRow(1, 0)], q, inputs, y, MatMulShape.Whole(1, Columns, 1));

            y[0].Should().BeApproximately(((1 << bits) - 1) * 3f * Columns, 1, name);
        }
    }

    [Theory]
    [MemberData(nameof(Bits))]
    public void MatMul_equals_its_reference_at_ragged_rows_columns_and_batches(int bits)
    {
        foreach ((string name, SketchKernels kernels) in SketchSamples.InstructionSets(bits))
        {
            foreach (int columns in new[] { 1, 63, 130, 512, 700 })
            {
                foreach (int rowCount in new[] { 0, 1, 2, 31, 33, 65 })
                {
                    foreach (int batch in new[] { 0, 1, 2, 5 })
                    {
                        MatMulShape shape = new(rowCount, columns, batch, OutputOffset: 2, OutputStride: rowCount + 5);
                        (byte[] packed, SketchRow[] rows) = SketchSamples.Encode(
                            kernels, Samples.Floats(rowCount, rowCount * columns), rowCount, columns);
                        (sbyte[] q, SketchInput[] inputs) = SketchSamples.Quantize(
                            kernels, Samples.Floats(batch, batch * columns), batch, columns);
                        float[] y = Samples.Floats(9, (batch * shape.OutputStride) + 3);
                        float[] expected = [.. y];
                        Reference(bits, kernels, packed, rows, q, inputs, expected, shape);

                        kernels.MatMul(packed, rows, q, inputs, y, shape);

                        y.AsSpan().SequenceEqual(expected).Should().BeTrue($"{name}: {shape}");
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData(2, 0.119)]
    [InlineData(3, 0.0375)]
    [InlineData(4, 0.0116)]
    public void Normal_weights_lose_what_the_best_uniform_quantiser_takes(int bits, double lost)
    {
        const int Columns = 4096;
        float[] weights = Samples.Normal(5, Columns);
        SketchKernels kernels = SketchKernels.For(bits);
        (byte[] packed, SketchRow[] rows) = SketchSamples.Encode(kernels, weights, 1, Columns);
        double left = 0, all = 0;
        for (int c = 0; c < Columns; c++)
        {
            float approximate = rows[0].Scale * ((2 * SketchReference.Level(bits, packed, c)) - (1 << bits) + 1);
            left += Math.Pow(weights[c] - approximate, 2);
            all += Math.Pow(weights[c], 2);
        }

        (left / all).Should().BeApproximately(lost, 0.08 * lost);
        rows[0].Error.Should().BeApproximately((float)Math.Sqrt(left), 1e-3f * (float)Math.Sqrt(left));
    }

    [Theory]
    [MemberData(nameof(Bits))]
    public void A_row_of_zeros_gives_zero_and_has_no_error(int bits)
    {
        SketchKernels kernels = SketchKernels.For(bits);
        (byte[] packed, SketchRow[] rows) = SketchSamples.Encode(kernels, new float[300], 1, 300);
        (sbyte[] q, SketchInput[] inputs) = SketchSamples.Quantize(kernels, Samples.Floats(1, 300), 1, 300);
        float[] y = [7];

        kernels.MatMul(packed, rows, q, inputs, y, MatMulShape.Whole(1, 300, 1));

        y[0].Should().Be(0);
        rows[0].Should().Be(new SketchRow(0, 0));
    }

    [Theory]
    [MemberData(nameof(Bits))]
    public void Wrong_lengths_are_refused_before_anything_is_read(int bits)
    {
        SketchKernels kernels = SketchKernels.For(bits);
        (byte[] packed, SketchRow[] rows) = SketchSamples.Encode(kernels, Samples.Floats(1, 16), 2, 8);
        (sbyte[] q, SketchInput[] inputs) = SketchSamples.Quantize(kernels, Samples.Floats(2, 8), 1, 8);
        MatMulShape shape = MatMulShape.Whole(2, 8, 1);

        Product(packed[1..], rows, q, inputs, 2, shape).Should().Throw<ArgumentException>();
        Product(packed, rows[1..], q, inputs, 2, shape).Should().Throw<ArgumentException>();
        Product(packed, rows, q[1..], inputs, 2, shape).Should().Throw<ArgumentException>();
        Product(packed, rows, q, [], 2, shape).Should().Throw<ArgumentException>();
        Product(packed, rows, q, inputs, 1, shape).Should().Throw<ArgumentException>();
        Product(packed, rows, q, inputs, 9, shape with { OutputStride = 1 }).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => kernels.Encode(new float[8], new float[7], new byte[kernels.RowBytes(8)]))
            .Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => kernels.Encode(new float[8], new float[8], new byte[8])).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => kernels.RowBytes(SketchKernels.ColumnsMax + 1)).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => SketchKernels.For(bits + 3)).Should().Throw<ArgumentOutOfRangeException>();

        Action Product(byte[] packed, SketchRow[] rows, sbyte[] q, SketchInput[] inputs, int count, MatMulShape shape)
            => () => kernels.MatMul(packed, rows, q, inputs, new float[count], shape);
    }

    [Theory]
    [MemberData(nameof(Bits))]
    public void No_kernel_allocates(int bits)
    {
        const int Rows = 9, Columns = 77, Batch = 3;
        SketchKernels kernels = SketchKernels.For(bits);
        float[] weights = Samples.Floats(1, Columns), scratch = new float[Columns], y = new float[Batch * Rows];
        (byte[] packed, SketchRow[] rows) = SketchSamples.Encode(kernels, Samples.Floats(1, Rows * Columns), Rows, Columns);
        (sbyte[] q, SketchInput[] inputs) = SketchSamples.Quantize(kernels, Samples.Floats(2, Batch * Columns), Batch, Columns);

        Allocations.BytesOf(() =>
        {
            rows[0] = kernels.Encode(weights, scratch, packed.AsSpan(0, kernels.RowBytes(Columns)));
            inputs[0] = SketchInput.Quantize(weights, q.AsSpan(0, kernels.PaddedColumns(Columns)));
            kernels.MatMul(packed, rows, q, inputs, y, MatMulShape.Whole(Rows, Columns, Batch));
        }).Should().Be(0);
    }

    private static void Reference(
        int bits, SketchKernels kernels, byte[] packed, SketchRow[] rows, sbyte[] q, SketchInput[] inputs, float[] y, MatMulShape shape)
    {
        int rowBytes = kernels.RowBytes(shape.Columns), padded = kernels.PaddedColumns(shape.Columns);
        for (int b = 0; b < shape.Batch; b++)
        {
            for (int r = 0; r < shape.RowCount; r++)
            {
                y[(b * shape.OutputStride) + shape.OutputOffset + r] = SketchReference.Dot(
                    bits, packed.AsSpan(r * rowBytes, rowBytes), rows[r], q.AsSpan(b * padded, padded), inputs[b], shape.Columns);
            }
        }
    }
}
