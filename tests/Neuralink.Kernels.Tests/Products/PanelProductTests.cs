namespace Neuralink.Kernels.Tests;

public class PanelProductTests
{
    public static TheoryData<WeightFormat> Formats => new(Samples.Formats);

    // Ragged in each of rows, columns and batch, below and above a block of each.
    private static readonly (int Rows, int Columns, int Batch)[] Shapes =
        [(4, 1, 12), (5, 0, 12), (7, 17, 13), (37, 130, 14), (48, 512, 24), (49, 513, 12), (50, 1100, 75), (97, 300, 149)];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Products_with_many_rows_of_x_equal_their_reference_on_every_instruction_set(WeightFormat format)
    {
        foreach ((int rowCount, int columns, int batch) in Shapes)
        {
            var shape = new MatMulShape(rowCount, columns, batch, OutputOffset: 3, OutputStride: rowCount + 5);
            byte[] rows = Samples.Weights(format, rowCount, rowCount * columns);
            float[] x = Samples.Floats(batch, batch * columns), bias = Samples.Floats(columns, rowCount);
            float[] start = Samples.Floats(9, (batch * shape.OutputStride) + 3), expected = [.. start];
            WeightReference.MatMul(format, rows, x, bias, expected, shape);
            foreach ((string name, WeightKernels kernels) in Samples.InstructionSets(format))
            {
                float[] y = [.. start];

                kernels.MatMul(rows, x, bias, y, shape);

                y.AsSpan().SequenceEqual(expected).Should().BeTrue($"{name}: {shape}");
            }
        }
    }

    [Fact]
    public void They_allocate_nothing()
    {
        const int Rows = 9, Columns = 700, Batch = 30;
        WeightKernels kernels = WeightKernels.For(WeightFormat.F16);
        byte[] rows = Samples.Weights(WeightFormat.F16, 1, Rows * Columns);
        float[] x = Samples.Floats(2, Batch * Columns), y = new float[Batch * Rows];

        Allocations.BytesOf(() => kernels.MatMul(rows, x, [], y, MatMulShape.Whole(Rows, Columns, Batch))).Should().Be(0);
    }
}
