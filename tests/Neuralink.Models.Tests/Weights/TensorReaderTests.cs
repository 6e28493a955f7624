using System.Runtime.InteropServices;
using Neuralink.Kernels;
using Neuralink.Models.Weights;
using Neuralink.Storage;

namespace Neuralink.Models.Tests.Weights;

/// <summary>Weights come in whatever format is wanted, whatever type the source stores.</summary>
public sealed class TensorReaderTests
{
    // A block is a scale and four elements: element = scale * byte.
    private static readonly ElementType s_blocks = new("B4", blockElements: 4, blockBytes: 5, (row, values) =>
    {
        for (int i = 0; i < values.Length; i++)
            values[i] = (row[i / 4 * 5] == byte.MaxValue ? float.NaN : row[i / 4 * 5]) * row[(i / 4 * 5) + 1 + (i % 4)];
    });

    [Theory]
    [InlineData(WeightFormat.F32)]
    [InlineData(WeightFormat.F16)]
    [InlineData(WeightFormat.BF16)]
    public void Blocks_are_decoded_row_by_row(WeightFormat format)
    {
        Source source = new([2, 1, 2, 3, 4, 3, 5, 6, 7, 8, 4, 9, 10, 11, 12, 1, 13, 14, 15, 16]);
        List<float> values = [];
        TensorReader.ReadRows(source, new TensorSpec("t", 2, 8, TensorPlace.Resident), format, (begin, end, rows) =>
        {
            int rowBytes = WeightKernels.For(format).RowBytes(8);
            float[] row = new float[8];
            for (int r = 0; r < end - begin; r++)
            {
                WeightKernels.For(format).Decode(rows.Slice(r * rowBytes, rowBytes), row);
                values.AddRange(row);
            }
        });
        values.Should().Equal(2, 4, 6, 8, 15, 18, 21, 24, 36, 40, 44, 48, 13, 14, 15, 16);
    }

    [Theory]
    [InlineData(WeightFormat.F32)]
    [InlineData(WeightFormat.BF16)]
    public void What_is_stored_column_by_column_comes_row_by_row(WeightFormat format)
    {
        // Two columns of four elements, each a block.
        Source source = new([2, 1, 2, 3, 4, 3, 5, 6, 7, 8]) { IsTransposed = true };
        List<float> values = [];
        TensorReader.ReadRows(source, new TensorSpec("t", 4, 2, TensorPlace.Resident), format, (_, _, rows) =>
        {
            for (int at = 0; at < rows.Length; at += WeightKernels.For(format).RowBytes(2))
            {
                float[] row = new float[2];
                WeightKernels.For(format).Decode(rows.Slice(at, WeightKernels.For(format).RowBytes(2)), row);
                values.AddRange(row);
            }
        });
        values.Should().Equal(2, 15, 4, 18, 6, 21, 8, 24);
    }

    [Fact]
    public void A_block_that_decodes_to_no_number_is_refused() =>
        FluentActions.Invoking(() => TensorReader.ReadRows(
            new Source([1, 1, 2, 3, 4, 255, 0, 0, 0, 1]), new TensorSpec("t", 1, 8, TensorPlace.Resident), WeightFormat.F16,
            (_, _, _) => { }))
            .Should().Throw<NeuralinkException>().WithMessage("*tensor t*finite*NaN in memory*");

    [Fact]
    public void A_row_is_whole_blocks() =>
        FluentActions.Invoking(() => s_blocks.RowBytes(6)).Should().Throw<ArgumentException>().WithMessage("B4 is stored in blocks of 4*");

    [Fact]
    public void A_plain_type_is_the_format_it_is()
    {
        ElementType type = ElementType.Of(WeightFormat.F16);
        float[] values = new float[2];
        type.Decode(MemoryMarshal.AsBytes<Half>([(Half)1.5f, (Half)(-2)]), values);
        values.Should().Equal(1.5f, -2);
        (type.Name, type.RowBytes(3), type.Format).Should().Be(("F16", 6, WeightFormat.F16));
    }

    private sealed class Source(byte[] bytes) : ITensorSource
    {
        public string Location => "memory";

        public bool IsTransposed { get; init; }

        public SourceTensor Get(string name) =>
            new(name, s_blocks, [bytes.Length / 10, 8], bytes.Length) { IsTransposed = IsTransposed };

        public void Read(SourceTensor tensor, long offsetBytes, Span<byte> destination) =>
            bytes.AsSpan((int)offsetBytes, destination.Length).CopyTo(destination);
    }
}
