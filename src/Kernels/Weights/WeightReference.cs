namespace Neuralink.Kernels;

/// <summary>The products one weight at a time and in double precision: what the kernels are tested against.</summary>
internal static class WeightReference
{
    /// <summary>Weight <paramref name="index"/> of a row, by the framework's own conversions.</summary>
    public static float Decode(WeightFormat format, ReadOnlySpan<byte> row, int index) => format switch
    {
        WeightFormat.F32 => BitConverter.ToSingle(row[(index * 4)..]),
        WeightFormat.F16 => (float)BitConverter.ToHalf(row[(index * 2)..]),
        WeightFormat.BF16 => BitConverter.UInt32BitsToSingle((uint)BitConverter.ToUInt16(row[(index * 2)..]) << 16),
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "Not a weight format."),
    };

    public static float Dot(WeightFormat format, ReadOnlySpan<byte> row, ReadOnlySpan<float> x)
    {
        double sum = 0;
        for (int c = 0; c < x.Length; c++)
            sum += (double)Decode(format, row, c) * x[c];

        return (float)sum;
    }

    /// <summary>The canonical sum, lane by lane: what every vector path must give to the last bit.</summary>
    public static float CanonicalDot(WeightFormat format, ReadOnlySpan<byte> row, ReadOnlySpan<float> x)
    {
        Span<float> lanes = stackalloc float[16];
        lanes.Clear();
        for (int c = 0; c < x.Length; c++)
            lanes[c % 16] = MathF.FusedMultiplyAdd(Decode(format, row, c), x[c], lanes[c % 16]);

        for (int half = 8; half > 0; half /= 2)
        {
            for (int i = 0; i < half; i++)
                lanes[i] += lanes[i + half];
        }

        return lanes[0];
    }

    public static void MatMul(
        WeightFormat format, ReadOnlySpan<byte> rows, ReadOnlySpan<float> x, ReadOnlySpan<float> bias, Span<float> y, MatMulShape shape)
    {
        int rowBytes = WeightKernels.For(format).RowBytes(shape.Columns);
        for (int b = 0; b < shape.Batch; b++)
        {
            for (int r = 0; r < shape.RowCount; r++)
            {
                float dot = CanonicalDot(format, rows.Slice(r * rowBytes, rowBytes), x.Slice(b * shape.Columns, shape.Columns));
                y[(b * shape.OutputStride) + shape.OutputOffset + r] = bias.IsEmpty ? dot : dot + bias[r];
            }
        }
    }

    public static void AddScaled(WeightFormat format, float scale, ReadOnlySpan<byte> row, Span<float> y)
    {
        for (int c = 0; c < y.Length; c++)
            y[c] = MathF.FusedMultiplyAdd(scale, Decode(format, row, c), y[c]);
    }
}
