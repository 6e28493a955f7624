using System.Runtime.InteropServices;

namespace Neuralink.Kernels;

/// <summary>
/// The products of block formats as their formulas read, weight by weight from ggml's blocks: what the kernels are tested against.
/// </summary>
internal static class BlockReference
{
    private const int Lanes = 16, Columns = 32;

    /// <summary>The canonical sum (<see cref="BlockTiles{TCodec, TBytes, TLanes}"/>), lane by lane.</summary>
    /// <param name="format">A block format.</param>
    /// <param name="blocks">A row as ggml has it, whole blocks.</param>
    /// <param name="x">A row of <see cref="QuantizedInput"/>.</param>
    /// <param name="columns">Columns of both.</param>
    public static float Dot(WeightFormat format, ReadOnlySpan<byte> blocks, ReadOnlySpan<byte> x, int columns)
    {
        int padded = QuantizedInput.Padded(columns);
        ReadOnlySpan<sbyte> q = MemoryMarshal.Cast<byte, sbyte>(x[..padded]);
        ReadOnlySpan<float> scales = MemoryMarshal.Cast<byte, float>(x[padded..]), sums = scales[(padded / Columns)..];
        float[] lanes = new float[Lanes], minima = new float[Lanes];
        for (int c = 0; c < columns; c += 4)
        {
            (_, float scale, _) = Weight(format, blocks, c);
            int dot = 0;
            for (int i = c; i < Math.Min(columns, c + 4); i++)
                dot += Weight(format, blocks, i).Level * q[i];

            ref float lane = ref lanes[c % 64 / 4];
            lane = MathF.FusedMultiplyAdd(dot, scale * scales[c / Columns], lane);
        }

        for (int b = 0; b * Columns < columns; b++)
        {
            ref float lane = ref minima[b % Lanes];
            lane = MathF.FusedMultiplyAdd(Weight(format, blocks, b * Columns).Minimum, sums[b], lane);
        }

        return Fold(lanes) - Fold(minima);
    }

    /// <summary>y[c] = fma(factor * scale, centred level, y[c]).</summary>
    public static void AddScaled(WeightFormat format, float factor, ReadOnlySpan<byte> blocks, Span<float> y)
    {
        int centre = format == WeightFormat.Q4_0 ? 8 : 0;
        for (int c = 0; c < y.Length; c++)
        {
            (int level, float scale, _) = Weight(format, blocks, c);
            y[c] = MathF.FusedMultiplyAdd(factor * scale, level - centre, y[c]);
        }
    }

    /// <summary>w = scale * level - minimum.</summary>
    private static (int Level, float Scale, float Minimum) Weight(WeightFormat format, ReadOnlySpan<byte> blocks, int column)
    {
        switch (format)
        {
            case WeightFormat.Q8_0:
                ReadOnlySpan<byte> eight = blocks.Slice(column / 32 * 34, 34);
                return ((sbyte)eight[2 + (column % 32)], SmallBlocks.Half(eight, 0), 0);
            case WeightFormat.Q4_0:
                ReadOnlySpan<byte> four = blocks.Slice(column / 32 * 18, 18);
                float d = SmallBlocks.Half(four, 0);
                return (four[2 + (column % 16)] >> (column % 32 / 16 * 4) & 15, d, 8 * d);
            case WeightFormat.Q4_K:
                ReadOnlySpan<byte> super = blocks.Slice(column / 256 * 144, 144);
                int part = column % 256 / 32;
                (int scale, int minimum) = SuperBlocks.ScaleAndMinimum(super.Slice(4, 12), part);
                int level = super[16 + (part / 2 * 32) + (column % 32)] >> (part % 2 * 4) & 15;
                return (level, SmallBlocks.Half(super, 0) * scale, SmallBlocks.Half(super, 2) * minimum);
            case WeightFormat.Q6_K:
                ReadOnlySpan<byte> six = blocks.Slice(column / 256 * 210, 210);
                int at = column % 256, half = at / 128, quarter = at % 128 / 32;
                int low = six[(half * 64) + (quarter % 2 * 32) + (at % 32)] >> (quarter / 2 * 4) & 15;
                int high = six[128 + (half * 32) + (at % 32)] >> (quarter * 2) & 3;
                return ((low | high << 4) - 32, SmallBlocks.Half(six, 208) * (sbyte)six[192 + (at / 16)], 0);
            default:
                throw new ArgumentOutOfRangeException(nameof(format), format, "Not a block format.");
        }
    }

    private static float Fold(Span<float> lanes)
    {
        for (int half = Lanes / 2; half > 0; half /= 2)
        {
            for (int i = 0; i < half; i++)
                lanes[i] += lanes[i + half];
        }

        return lanes[0];
    }
}
