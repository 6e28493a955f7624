using System.Runtime.InteropServices;

namespace Neuralink.Kernels.Tests;

public class BlockWeightKernelsTests
{
    public static TheoryData<WeightFormat> Formats { get; } =
        new(WeightFormat.Q8_0, WeightFormat.Q4_0, WeightFormat.Q4_K, WeightFormat.Q6_K);

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_sum_has_the_canonical_bits_on_every_instruction_set(WeightFormat format)
    {
        foreach (int columns in LengthsOf(format))
        {
            byte[] blocks = Blocks(format, columns, columns), x = Quantized(columns + 1, columns);
            float expected = BlockReference.Dot(format, blocks, x, columns);
            foreach ((string name, WeightKernels kernels) in InstructionSets(format))
                kernels.Dot(Row(format, blocks, columns), Input(x, columns)).Should().Be(expected, $"{name} at {columns}");
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_product_has_the_same_bits_at_any_batch_and_any_split_of_the_rows(WeightFormat format)
    {
        const int Columns = 512, Rows = 37, Batch = 5;
        byte[] rows = RowsOf(format, Rows, Columns), x = Quantized(3, Columns * Batch, Columns);
        float[] bias = Samples.Floats(4, Rows), expected = new float[Batch * Rows];
        int rowBytes = WeightKernels.For(format).RowBytes(Columns), xBytes = QuantizedInput.RowBytes(Columns);
        for (int i = 0; i < expected.Length; i++)
        {
            expected[i] = bias[i % Rows] + WeightKernels.For(format).Dot(
                rows.AsSpan(i % Rows * rowBytes, rowBytes), Input(x[(i / Rows * xBytes)..((i / Rows * xBytes) + xBytes)], Columns));
        }

        foreach ((string name, WeightKernels kernels) in InstructionSets(format))
        {
            for (int batch = 1; batch <= Batch; batch++)
            {
                foreach (int split in (int[])[0, 1, 16, 35])
                {
                    float[] y = new float[batch * Rows];
                    ProductInput input = new(new float[batch * Columns], x.AsSpan(0, batch * xBytes));
                    MatMulShape whole = MatMulShape.Whole(Rows, Columns, batch);
                    kernels.MatMul(rows.AsSpan(0, split * rowBytes), input, bias.AsSpan(0, split), y, whole.Rows(0, split));
                    kernels.MatMul(rows.AsSpan(split * rowBytes), input, bias.AsSpan(split), y, whole.Rows(split, Rows));
                    y.Should().Equal(expected[..y.Length], $"{name}, batch {batch}, split at {split}");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_product_of_more_than_one_block_of_rows_and_inputs_has_the_bits_of_its_sums(WeightFormat format)
    {
        const int Rows = 59, Batch = 53;
        int columns = format is WeightFormat.Q8_0 or WeightFormat.Q4_0 ? 608 : 768;
        byte[] rows = RowsOf(format, Rows, columns), x = Quantized(11, columns * Batch, columns);
        int rowBytes = WeightKernels.For(format).RowBytes(columns), xBytes = QuantizedInput.RowBytes(columns);
        float[] expected = new float[Batch * Rows], y = new float[Batch * Rows];
        for (int i = 0; i < expected.Length; i++)
        {
            expected[i] = WeightKernels.For(format).Dot(
                rows.AsSpan(i % Rows * rowBytes, rowBytes), Input(x[(i / Rows * xBytes)..((i / Rows * xBytes) + xBytes)], columns));
        }

        foreach ((string name, WeightKernels kernels) in InstructionSets(format))
        {
            kernels.MatMul(rows, new ProductInput(new float[Batch * columns], x), [], y, MatMulShape.Whole(Rows, columns, Batch));
            y.Should().Equal(expected, name);
        }
    }

    [Theory]
    [InlineData(WeightFormat.Q8_0)]
    [InlineData(WeightFormat.Q4_0)]
    public void Many_bundles_for_many_rows_have_the_bits_of_one_after_the_other_whether_few_are_active_or_most(WeightFormat format)
    {
        const int Hidden = 160, Neurons = 61, Batch = 57;
        BundleSamples samples = new(new BundleLayout(format, Hidden, gated: true, biased: true), Neurons, seed: 5);
        byte[] quantized = Quantized(12, Hidden * Batch, Hidden);
        int xBytes = QuantizedInput.RowBytes(Hidden);
        float[] h = new float[Neurons * Batch], expectedH = new float[Neurons * Batch], one = new float[1];
        float[] y = Samples.Floats(13, Batch * Hidden), expectedY = [.. y];
        foreach (Activation activation in new[] { Activation.Relu, Activation.FatRelu(6f) })
        {
            BundleKernels kernels = new(samples.Layout, activation);
            kernels.Activate(samples.All, new ProductInput(new float[Batch * Hidden], quantized), Batch, h);
            kernels.AddDown(samples.All, h, y, Batch, 0, 96);
            kernels.AddDown(samples.All, h, y, Batch, 96, Hidden);
            for (int n = 0; n < Neurons; n++)
            {
                for (int b = 0; b < Batch; b++)
                {
                    ProductInput x = new(new float[Hidden], quantized.AsSpan(b * xBytes, xBytes));
                    kernels.Activate(samples.All[n], x, 1, one);
                    expectedH[(n * Batch) + b] = one[0];
                    kernels.AddDown(samples.All[n], one, expectedY.AsSpan(b * Hidden, Hidden), 1, 0, Hidden);
                }
            }

            h.Should().Equal(expectedH, $"{activation}");
            y.Should().Equal(expectedY, $"{activation}");
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Weights_are_those_of_ggml(WeightFormat format)
    {
        const int Columns = 768;
        byte[] blocks = Blocks(format, 5, Columns);
        float[] expected = new float[Columns], y = new float[Columns];
        BlockKernels.For(Enum.Parse<BlockFormat>(format.ToString())).Decode(blocks, expected);

        byte[] row = Row(format, blocks, Columns);
        WeightKernels.For(format).Decode(row, y);
        y.Should().Equal(expected);

        byte[] back = new byte[blocks.Length];
        WeightKernels.For(format).ToGgml(row, Columns, back);
        back.Should().Equal(blocks);
    }

    [Theory]
    [InlineData(WeightFormat.Q8_0)]
    [InlineData(WeightFormat.Q4_0)]
    public void AddScaled_has_the_reference_s_bits_at_any_split_of_the_columns(WeightFormat format)
    {
        foreach (int columns in LengthsOf(format))
        {
            byte[] row = Samples.Weights(format, columns, columns);
            float[] start = Samples.Floats(2, columns), expected = [.. start];
            BlockReference.AddScaled(format, 0.37f, Ggml(format, row, columns), expected);
            foreach ((string name, WeightKernels kernels) in InstructionSets(format))
            {
                int split = columns / 2 / ColumnRange.Granularity * ColumnRange.Granularity;
                float[] y = [.. start];
                kernels.AddScaled(0.37f, row, new ColumnRange(columns, 0, split), y.AsSpan(0, split));
                kernels.AddScaled(0.37f, row, new ColumnRange(columns, split, columns), y.AsSpan(split));
                y.Should().Equal(expected, $"{name} at {columns}");

                float[] part = start[..(columns - 5)];
                kernels.AddScaled(0.37f, row, new ColumnRange(columns, 0, columns - 5), part);
                part.Should().Equal(expected[..^5], $"{name} at {columns} less 5");
            }
        }
    }

    [Theory]
    [InlineData(WeightFormat.Q4_0, WeightFormat.Q8_0, true)]
    [InlineData(WeightFormat.Q8_0, WeightFormat.Q8_0, false)]
    [InlineData(WeightFormat.F16, WeightFormat.Q4_0, true)]
    public void Bundles_have_the_bits_of_their_parts(WeightFormat rows, WeightFormat down, bool gated)
    {
        const int Hidden = 320, Neurons = 13;
        BundleSamples samples = new(new BundleLayout(new BundleFormat(rows, down), Hidden, gated, biased: true), Neurons, seed: 3);
        BundleLayout layout = samples.Layout;
        BundleKernels kernels = new(layout, Activation.Relu);
        byte[] quantized = Quantized(7, Hidden);
        ProductInput x = new(Samples.Normal(7, Hidden), quantized);
        float[] h = new float[Neurons], expectedH = new float[Neurons], y = new float[Hidden], expectedY = new float[Hidden];
        kernels.Activate(samples.All, x, 1, h);
        kernels.AddDown(samples.All, h, y, 1, 0, Hidden);
        for (int n = 0; n < Neurons; n++)
        {
            byte[] bundle = samples.All[n].ToArray();
            float gate = WeightKernels.For(rows).Dot(bundle.AsSpan(0, layout.RowBytes), x);
            gate += BitConverter.ToSingle(bundle, layout.BiasOffset);
            float up = !gated ? 1 : WeightKernels.For(rows).Dot(bundle.AsSpan(layout.UpOffset, layout.RowBytes), x)
                + BitConverter.ToSingle(bundle, layout.BiasOffset + 4);
            expectedH[n] = gate > 0 ? gate * up : 0;
            if (gate > 0)
            {
                WeightKernels.For(down).AddScaled(
                    expectedH[n], bundle.AsSpan(layout.DownOffset, layout.DownBytes), ColumnRange.Whole(Hidden), expectedY);
            }
        }

        h.Should().Equal(expectedH);
        y.Should().Equal(expectedY);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public void A_bundle_without_what_decides_takes_the_values_from_elsewhere(bool gated, int biases)
    {
        BundleLayout whole = new(WeightFormat.Q8_0, 256, gated, biased: true);
        BundleLayout less = new(new BundleFormat(WeightFormat.Q8_0, WeightFormat.Q8_0, LeavesDeciding: true), 256, gated, biased: true);
        less.PayloadBytes.Should().Be(whole.PayloadBytes - whole.RowBytes - sizeof(float));
        less.BiasCount.Should().Be(biases);
        BundleSamples samples = new(whole, neurons: 1, seed: 4);
        ReadOnlySpan<byte> bundle = samples.All[0];
        byte[] rest = [.. bundle[whole.RowBytes..whole.BiasOffset], .. bundle[(whole.BiasOffset + 4)..whole.PayloadBytes]];
        ProductInput x = new(new float[256 * 2], Quantized(9, 512, 256));
        float[] expected = new float[2], h = [0.5f, 0];
        new BundleKernels(whole, Activation.Relu).ActivateGated(bundle, x, 1, expected = [0.5f, 0]);

        new BundleKernels(less, Activation.Relu).ActivateGated(rest, x, 1, h);

        h.Should().Equal(expected);
        FluentActions.Invoking(() => new BundleKernels(less, Activation.Relu).Activate(rest, Inputs(), 2, h))
            .Should().Throw<InvalidOperationException>();

        static ProductInput Inputs() => new(new float[512], new byte[2 * QuantizedInput.RowBytes(256)]);
    }

    [Theory]
    [InlineData(WeightFormat.Q8_0, 0.0045)]
    [InlineData(WeightFormat.Q4_0, 0.126)]
    public void Rounding_errs_by_no_more_than_the_levels_allow(WeightFormat format, double share)
    {
        foreach (int columns in Samples.Lengths())
        {
            float[] x = Samples.Normal(columns, columns, 0.02f), y = new float[columns];
            byte[] row = new byte[WeightKernels.For(format).RowBytes(columns)];
            WeightKernels.For(format).Encode(x, row);
            WeightKernels.For(format).Decode(row, y);
            for (int c = 0; c < columns; c++)
            {
                float largest = x.AsSpan()[(c / 32 * 32)..Math.Min(columns, (c / 32 * 32) + 32)].ToArray().Max(MathF.Abs);
                y[c].Should().BeApproximately(x[c], (float)(largest * share), $"{c} of {columns}");
            }
        }
    }

    [Fact]
    public void An_input_is_rounded_as_the_reference_does()
    {
        foreach (int columns in Samples.Lengths())
        {
            float[] x = Samples.Normal(columns, columns, 3);
            if (columns > 40)
                x.AsSpan(32, 8).Clear();
            byte[] row = new byte[QuantizedInput.RowBytes(columns)], expected = new byte[row.Length];
            row.AsSpan().Fill(0xFF);
            QuantizedInput.Quantize(x, row);
            QuantizedInput.Reference(x, expected);
            row.Should().Equal(expected, $"{columns}");
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void What_is_not_finite_makes_the_product_NaN(float value)
    {
        float[] x = Samples.Floats(1, 512);
        x[100] = value;
        byte[] row = new byte[QuantizedInput.RowBytes(512)];
        QuantizedInput.Quantize(x, row);
        WeightKernels.For(WeightFormat.Q4_0).Dot(Samples.Weights(WeightFormat.Q4_0, 1, 512), new ProductInput(x, row))
            .Should().Be(float.NaN);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_scale_that_is_not_finite_is_found(WeightFormat format)
    {
        byte[] blocks = Blocks(format, 1, 512);
        WeightKernels.For(format).AllFinite(Row(format, blocks, 512), 512).Should().BeTrue();
        SetScale(format, blocks, index: 1, (Half)float.PositiveInfinity);
        WeightKernels.For(format).AllFinite(Row(format, blocks, 512), 512).Should().BeFalse();
    }

    [Fact]
    public void What_a_format_is_not_for_is_refused()
    {
        FluentActions.Invoking(() => WeightKernels.For(WeightFormat.Q4_K).Encode(new float[256], new byte[148]))
            .Should().Throw<NotSupportedException>();
        FluentActions.Invoking(() => new BundleLayout(WeightFormat.Q6_K, 256, true, false)).Should().Throw<ArgumentException>();
        FluentActions.Invoking(() => WeightKernels.For(WeightFormat.Q8_0).Dot(new byte[68], new float[32]))
            .Should().Throw<ArgumentException>("the input is not rounded");
    }

    private static IEnumerable<int> LengthsOf(WeightFormat format) =>
        format is WeightFormat.Q4_K or WeightFormat.Q6_K ? [256, 512, 1280, 4096, 4352] : [32, 64, 96, 128, 160, 288, 512, 544, 4096, 8224];

    private static ProductInput Input(byte[] x, int columns) => new(new float[columns], x);

    private static byte[] Row(WeightFormat format, byte[] blocks, int columns)
    {
        byte[] row = new byte[WeightKernels.For(format).RowBytes(columns)];
        WeightKernels.For(format).FromGgml(blocks, row, columns);
        return row;
    }

    private static byte[] RowsOf(WeightFormat format, int rows, int columns) =>
        [.. Enumerable.Range(0, rows).SelectMany(r => Row(format, Blocks(format, r, columns), columns))];

    private static byte[] Ggml(WeightFormat format, byte[] row, int columns)
    {
        BlockKernels blocks = BlockKernels.For(Enum.Parse<BlockFormat>(format.ToString()));
        byte[] bytes = new byte[columns / blocks.BlockElements * blocks.BlockBytes];
        WeightKernels.For(format).ToGgml(row, columns, bytes);
        return bytes;
    }

    /// <summary>Random blocks with scales of a trained model's size.</summary>
    private static byte[] Blocks(WeightFormat format, int seed, int columns)
    {
        BlockKernels kernels = BlockKernels.For(Enum.Parse<BlockFormat>(format.ToString()));
        byte[] blocks = new byte[columns / kernels.BlockElements * kernels.BlockBytes];
        Random random = new(seed);
        random.NextBytes(blocks);
        for (int b = 0; b < columns / kernels.BlockElements; b++)
            SetScale(format, blocks, b, (Half)((random.NextDouble() - 0.3) * 0.002));
        return blocks;
    }

    private static void SetScale(WeightFormat format, byte[] blocks, int index, Half scale)
    {
        BlockKernels kernels = BlockKernels.For(Enum.Parse<BlockFormat>(format.ToString()));
        Span<byte> block = blocks.AsSpan(index * kernels.BlockBytes, kernels.BlockBytes);
        MemoryMarshal.Write(block[(format == WeightFormat.Q6_K ? 208 : 0)..], scale);
        if (format == WeightFormat.Q4_K)
            MemoryMarshal.Write(block[2..], scale);
    }

    internal static byte[] Quantized(int seed, int count, int? columns = null)
    {
        int width = columns ?? count, rowBytes = QuantizedInput.RowBytes(width);
        float[] x = Samples.Normal(seed, count);
        byte[] rows = new byte[count / width * rowBytes];
        for (int row = 0; row < count / width; row++)
            QuantizedInput.Quantize(x.AsSpan(row * width, width), rows.AsSpan(row * rowBytes, rowBytes));
        return rows;
    }

    internal static IEnumerable<(string Name, WeightKernels Kernels)> InstructionSets(WeightFormat format) => format switch
    {
        WeightFormat.Q8_0 => Bundles<Q8_0Rows>(),
        WeightFormat.Q4_0 => Bundles<Q4_0Rows>(),
        WeightFormat.Q4_K => Matrices<Q4_KRows>(),
        _ => Matrices<Q6_KRows>(),
    };

    private static IEnumerable<(string Name, WeightKernels Kernels)> Bundles<TCodec>()
        where TCodec : struct, IBundleRowCodec
        => [
            ("512", new BundleWeightKernels<TCodec, ByteLanes512>()),
            ("256", new BundleWeightKernels<TCodec, ByteLanes256>()),
            ("128", new BundleWeightKernels<TCodec, ByteLanes128>()),
        ];

    private static IEnumerable<(string Name, WeightKernels Kernels)> Matrices<TCodec>()
        where TCodec : struct, IBlockRowCodec
        => [
            ("512", new BlockWeightKernels<TCodec, ByteLanes512>()),
            ("256", new BlockWeightKernels<TCodec, ByteLanes256>()),
            ("128", new BlockWeightKernels<TCodec, ByteLanes128>()),
        ];
}
