namespace Neuralink.Kernels.Tests;

/// <summary>Seeded data, and the sizes every kernel is held at.</summary>
internal static class Samples
{
    public static readonly WeightFormat[] Formats = [WeightFormat.F32, WeightFormat.F16, WeightFormat.BF16];

    /// <summary>Every length up to two blocks of 64 and past it, and some large ones, ragged and not.</summary>
    public static IEnumerable<int> Lengths() => Enumerable.Range(0, 131).Concat([255, 256, 1000, 4096, 4099]);

    public static float[] Floats(int seed, int count, float scale = 1f)
    {
        var random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = (float)((random.NextDouble() * 2) - 1) * scale;

        return values;
    }

    /// <summary>Normally distributed values, as trained weights are.</summary>
    public static float[] Normal(int seed, int count, float deviation = 1f)
    {
        Random random = new(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            double normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            values[i] = (float)normal * deviation;
        }

        return values;
    }

    public static byte[] Weights(WeightFormat format, int seed, int count, float scale = 1f)
    {
        WeightKernels kernels = WeightKernels.For(format);
        byte[] bytes = new byte[kernels.RowBytes(count)];
        kernels.Encode(Floats(seed, count, scale), bytes);
        return bytes;
    }

    /// <summary>The kernels of a format on every instruction set, by its register width.</summary>
    public static IEnumerable<(string Name, WeightKernels Kernels)> InstructionSets(WeightFormat format) => format switch
    {
        WeightFormat.F32 => InstructionSets<F32Codec>(),
        WeightFormat.F16 => InstructionSets<F16Codec>().Concat(
            InstructionSets<F16BySubnormalsCodec>().Select(set => ($"{set.Name}, by subnormals", set.Kernels))),
        _ => InstructionSets<BF16Codec>(),
    };

    private static IEnumerable<(string Name, WeightKernels Kernels)> InstructionSets<TCodec>()
        where TCodec : struct, IWeightCodec
        => [
            ("512", WeightKernels.Create<TCodec, Lanes512, LanePart512>()),
            ("256 and 512", WeightKernels.Create<TCodec, Lanes256, LanePart512>()),
            ("256", WeightKernels.Create<TCodec, Lanes256, LanePart256>()),
            ("128", WeightKernels.Create<TCodec, Lanes128, LanePart128>()),
        ];
}
