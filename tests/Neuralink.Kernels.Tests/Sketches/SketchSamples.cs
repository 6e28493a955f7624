namespace Neuralink.Kernels.Tests;

/// <summary>Sketches of seeded matrices, and the kernels on every instruction set.</summary>
internal static class SketchSamples
{
    /// <summary>Lengths around every group's and every register's boundaries.</summary>
    public static IEnumerable<int> Lengths() =>
        Samples.Lengths().Concat([127, 128, 129, 383, 384, 385, 511, 512, 513, 640, 767, 769, 1023, 1025, 1536, 2048, 2049]);

    public static IEnumerable<(string Name, SketchKernels Kernels)> InstructionSets(int bits) => bits switch
    {
        2 => InstructionSets<TwoBitCodec>(),
        3 => InstructionSets<ThreeBitCodec>(),
        _ => InstructionSets<FourBitCodec>(),
    };

    /// <summary>Rows [rows, columns] as a sketch.</summary>
    public static (byte[] Packed, SketchRow[] Rows) Encode(SketchKernels kernels, ReadOnlySpan<float> weights, int rows, int columns)
    {
        int rowBytes = kernels.RowBytes(columns);
        byte[] packed = new byte[rows * rowBytes];
        SketchRow[] sketch = new SketchRow[rows];
        float[] scratch = new float[columns];
        for (int r = 0; r < rows; r++)
            sketch[r] = kernels.Encode(weights.Slice(r * columns, columns), scratch, packed.AsSpan(r * rowBytes, rowBytes));

        return (packed, sketch);
    }

    /// <summary>Inputs [batch, columns], quantised and padded.</summary>
    public static (sbyte[] Q, SketchInput[] Inputs) Quantize(SketchKernels kernels, ReadOnlySpan<float> x, int batch, int columns)
    {
        int padded = kernels.PaddedColumns(columns);
        sbyte[] q = new sbyte[batch * padded];
        SketchInput[] inputs = new SketchInput[batch];
        for (int b = 0; b < batch; b++)
            inputs[b] = SketchInput.Quantize(x.Slice(b * columns, columns), q.AsSpan(b * padded, padded));

        return (q, inputs);
    }

    private static IEnumerable<(string Name, SketchKernels Kernels)> InstructionSets<TCodec>()
        where TCodec : struct, ISketchCodec
        => [
            ("512", SketchKernels.Create<TCodec, ByteLanes512>()),
            ("256", SketchKernels.Create<TCodec, ByteLanes256>()),
            ("128", SketchKernels.Create<TCodec, ByteLanes128>()),
        ];
}
