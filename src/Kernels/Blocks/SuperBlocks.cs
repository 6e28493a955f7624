using System.Diagnostics.CodeAnalysis;

namespace Neuralink.Kernels;

/// <summary>
/// 256 weights, 144 bytes: d and dmin in binary16, 12 bytes with 8 scales and 8 minima of 6 bits, levels of 4 bits. Part k of 32 weights:
/// w = (d scale[k]) q - dmin min[k].
/// </summary>
[SuppressMessage("Naming", "CA1707:Identifiers should not contain underscores", Justification = "ggml's own name.")]
internal readonly struct Q4_KCodec : IBlockCodec
{
    public static int Elements => 256;

    public static int Bytes => 144;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> y) =>
        SuperBlocks.Decode(block, highBits: [], levels: block[16..], y);
}

/// <summary>256 weights, 176 bytes: as Q4_K, with the fifth bits of all levels, 32 bytes, in front of the lower four.</summary>
[SuppressMessage("Naming", "CA1707:Identifiers should not contain underscores", Justification = "ggml's own name.")]
internal readonly struct Q5_KCodec : IBlockCodec
{
    public static int Elements => 256;

    public static int Bytes => 176;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> y) =>
        SuperBlocks.Decode(block, highBits: block[16..48], levels: block[48..], y);
}

/// <summary>
/// 256 weights, 210 bytes: the lower 4 bits of all levels (128 bytes), the upper 2 (64), 16 signed scales, d in binary16. Part k of 16
/// weights: w = (d scale[k]) (q - 32).
/// </summary>
[SuppressMessage("Naming", "CA1707:Identifiers should not contain underscores", Justification = "ggml's own name.")]
internal readonly struct Q6_KCodec : IBlockCodec
{
    private const int Half = 128, LowAt = 0, HighAt = 128, ScalesAt = 192, ScaleAt = 208;

    public static int Elements => 256;

    public static int Bytes => 210;

    /// <summary>
    /// In each half, 32 bytes have the lower bits of weights 0 to 31 and (upper half) 64 to 95, the next 32 those of 32 to 63 and 96 to
    /// 127. Byte i of the upper bits has those of weights i, i + 32, i + 64, i + 96, two bits each.
    /// </summary>
    public static void Decode(ReadOnlySpan<byte> block, Span<float> y)
    {
        float d = SmallBlocks.Half(block, ScaleAt);
        for (int i = 0; i < Elements; i++)
        {
            int half = i / Half, quarter = i % Half / 32, column = i % 32;
            int lows = block[LowAt + (half * 64) + (quarter % 2 * 32) + column], highs = block[HighAt + (half * 32) + column];
            int level = (lows >> (quarter / 2 * 4) & 15) | (highs >> (quarter * 2) & 3) << 4;
            y[i] = d * (sbyte)block[ScalesAt + (i / 16)] * (level - 32);
        }
    }
}

/// <summary>What Q4_K and Q5_K share.</summary>
internal static class SuperBlocks
{
    private const int PartElements = 32, Parts = 8, ScalesAt = 4;

    /// <summary>
    /// Two parts share 32 bytes of <paramref name="levels"/>: the even part has their lower halves, the odd one their upper. Bit k of
    /// byte i of <paramref name="highBits"/> is the fifth bit of weight i of part k.
    /// </summary>
    public static void Decode(ReadOnlySpan<byte> block, ReadOnlySpan<byte> highBits, ReadOnlySpan<byte> levels, Span<float> y)
    {
        float d = SmallBlocks.Half(block, 0), dmin = SmallBlocks.Half(block, 2);
        for (int k = 0; k < Parts; k++)
        {
            (int scale, int minimum) = ScaleAndMinimum(block.Slice(ScalesAt, 12), k);
            float d1 = d * scale, m1 = dmin * minimum;
            ReadOnlySpan<byte> bytes = levels.Slice(k / 2 * PartElements, PartElements);
            Span<float> part = y.Slice(k * PartElements, PartElements);
            int shift = k % 2 * 4;
            for (int i = 0; i < PartElements; i++)
            {
                int level = bytes[i] >> shift & 15;
                if (!highBits.IsEmpty)
                    level |= (highBits[i] >> k & 1) << 4;
                part[i] = (d1 * level) - m1;
            }
        }
    }

    /// <summary>
    /// Of parts 0 to 3, bytes k and k + 4 have scale and minimum in their lower 6 bits. Of parts 4 to 7, byte k + 4 has the lower 4 bits of
    /// both, and bytes k - 4 and k their upper 2 bits on top.
    /// </summary>
    public static (int Scale, int Minimum) ScaleAndMinimum(ReadOnlySpan<byte> packed, int k) => k < 4
        ? (packed[k] & 63, packed[k + 4] & 63)
        : ((packed[k + 4] & 15) | (packed[k - 4] >> 6 << 4), (packed[k + 4] >> 4) | (packed[k] >> 6 << 4));

    /// <summary>Puts them there; the bytes were zero.</summary>
    public static void SetScaleAndMinimum(Span<byte> packed, int k, int scale, int minimum)
    {
        if (k < 4)
        {
            packed[k] |= (byte)scale;
            packed[k + 4] |= (byte)minimum;
            return;
        }
        packed[k + 4] = (byte)((scale & 15) | (minimum & 15) << 4);
        packed[k - 4] |= (byte)(scale >> 4 << 6);
        packed[k] |= (byte)(minimum >> 4 << 6);
    }
}
