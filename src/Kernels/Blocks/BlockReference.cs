using System.Runtime.InteropServices;

namespace Neuralink.Kernels;

/// <summary>
/// The products of block formats as their formulas read, weight by weight from ggml's blocks: what the kernels are tested against.
/// </summary>
internal static class BlockReference
{
    private const int Lanes = 8, Columns = 32;

    /// <summary>The canonical sum (<see cref="BlockTiles{TCodec, TBytes}"/>), block by block.</summary>
    /// <param name="format">A block format.</param>
    /// <param name="blocks">A row as ggml has it, whole blocks.</param>
    /// <param name="x">A row of <see cref="QuantizedInput"/>.</param>
    /// <param name="columns">Columns of both.</param>
    public static float Dot(WeightFormat format, ReadOnlySpan<byte> blocks, ReadOnlySpan<byte> x, int columns)
    {
        float[] lanes = new float[Lanes];
        int part = format == WeightFormat.Q6_K ? Columns / 2 : Columns, centre = format == WeightFormat.Q4_0 ? 8 : 0;
        for (int begin = 0; begin < columns; begin += part)
        {
            ref float lane = ref lanes[begin / Columns % Lanes];
            (_, float scale, float minimum) = Weight(format, blocks, begin);
            float xScale = MemoryMarshal.Read<float>(x[QuantizedInput.TermOf(begin, QuantizedInput.ScalesAt)..]);
            int dot = 0;
            for (int c = begin; c < Math.Min(columns, begin + part); c++)
                dot += (Weight(format, blocks, c).Level - centre) * (sbyte)x[QuantizedInput.ByteOf(c)];

            lane = MathF.FusedMultiplyAdd(scale * xScale, dot, lane);
            if (format == WeightFormat.Q4_K)
            {
                int sum = MemoryMarshal.Read<int>(x[QuantizedInput.TermOf(begin, QuantizedInput.SumsAt)..]);
                lane = MathF.FusedMultiplyAdd(-(minimum * xScale), sum, lane);
            }
        }

        return Fold(lanes);
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
                return (four[2 + (column % 16)] >> (column % 32 / 16 * 4) & 15, SmallBlocks.Half(four, 0), 0);
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
