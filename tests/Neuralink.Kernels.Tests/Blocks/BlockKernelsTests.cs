namespace Neuralink.Kernels.Tests.Blocks;

/// <summary>
/// Blocks are put together from levels and scales here, as ggml.h lays them out, and must be read as those. That the bits are those of
/// ggml's own functions is tested with files that it made (Neuralink.Models.Tests).
/// </summary>
public class BlockKernelsTests
{
    // Exact in binary16.
    private const float D = 0.0625f, M = -1.5f;

    private readonly Random _random = new(20260);

    public static TheoryData<BlockFormat, int, int> Sizes => new()
    {
        { BlockFormat.Q4_0, 32, 18 }, { BlockFormat.Q4_1, 32, 20 }, { BlockFormat.Q5_0, 32, 22 }, { BlockFormat.Q5_1, 32, 24 },
        { BlockFormat.Q8_0, 32, 34 }, { BlockFormat.Q4_K, 256, 144 }, { BlockFormat.Q5_K, 256, 176 }, { BlockFormat.Q6_K, 256, 210 },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void A_row_is_whole_blocks_and_a_wrong_length_is_refused(BlockFormat format, int elements, int bytes)
    {
        BlockKernels kernels = BlockKernels.For(format);

        kernels.BlockElements.Should().Be(elements);
        kernels.BlockBytes.Should().Be(bytes);
        kernels.RowBytes(3 * elements).Should().Be(3 * bytes);
        kernels.Invoking(k => k.RowBytes(elements + 1)).Should().Throw<ArgumentException>();
        kernels.Invoking(k => k.Decode(new byte[bytes], new float[2 * elements])).Should().Throw<ArgumentException>();
    }

    [Theory]
    [InlineData(BlockFormat.Q4_0, 15, 8, false)]
    [InlineData(BlockFormat.Q4_1, 15, 0, true)]
    [InlineData(BlockFormat.Q5_0, 31, 16, false)]
    [InlineData(BlockFormat.Q5_1, 31, 0, true)]
    public void Small_blocks_are_levels_times_d(BlockFormat format, int levelMax, int offset, bool hasMinimum)
    {
        int[] levels = Levels(64, levelMax);
        byte[] row = [.. SmallBlock(levels[..32], levelMax, hasMinimum), .. SmallBlock(levels[32..], levelMax, hasMinimum)];
        float[] y = new float[64];

        BlockKernels.For(format).Decode(row, y);

        y.Should().Equal(levels.Select(q => ((q - offset) * D) + (hasMinimum ? M : 0)));
    }

    [Fact]
    public void Q8_0_is_signed_bytes_times_d()
    {
        int[] levels = [.. Enumerable.Range(0, 32).Select(_ => _random.Next(-128, 128))];
        float[] y = new float[32];

        BlockKernels.For(BlockFormat.Q8_0).Decode([.. Half(D), .. levels.Select(q => (byte)(sbyte)q)], y);

        y.Should().Equal(levels.Select(q => q * D));
    }

    [Theory]
    [InlineData(BlockFormat.Q4_K, 15)]
    [InlineData(BlockFormat.Q5_K, 31)]
    public void Q4_K_and_Q5_K_scale_each_part_of_32(BlockFormat format, int levelMax)
    {
        int[] levels = Levels(256, levelMax), scales = Levels(8, 63), minima = Levels(8, 63);
        byte[] packed = new byte[12], lows = new byte[128], highs = new byte[32];
        for (int k = 0; k < 4; k++)
        {
            packed[k] = (byte)(scales[k] | scales[k + 4] >> 4 << 6);
            packed[k + 4] = (byte)(minima[k] | minima[k + 4] >> 4 << 6);
            packed[k + 8] = (byte)((scales[k + 4] & 15) | (minima[k + 4] & 15) << 4);
        }
        for (int i = 0; i < 256; i++)
        {
            lows[(i / 64 * 32) + (i % 32)] |= (byte)((levels[i] & 15) << (i / 32 % 2 * 4));
            highs[i % 32] |= (byte)(levels[i] >> 4 << (i / 32));
        }
        float[] y = new float[256];

        BlockKernels.For(format).Decode([.. Half(D), .. Half(M), .. packed, .. levelMax > 15 ? highs : [], .. lows], y);

        y.Should().Equal(levels.Select((q, i) => (D * scales[i / 32] * q) - (M * minima[i / 32])));
    }

    [Fact]
    public void Q6_K_scales_each_part_of_16()
    {
        int[] levels = Levels(256, 63), scales = [.. Enumerable.Range(0, 16).Select(_ => _random.Next(-128, 128))];
        byte[] lows = new byte[128], highs = new byte[64];
        for (int i = 0; i < 256; i++)
        {
            int within = i % 128;
            lows[(i / 128 * 64) + (within % 64)] |= (byte)((levels[i] & 15) << (within / 64 * 4));
            highs[(i / 128 * 32) + (within % 32)] |= (byte)(levels[i] >> 4 << (within / 32 * 2));
        }
        float[] y = new float[256];

        BlockKernels.For(BlockFormat.Q6_K).Decode([.. lows, .. highs, .. scales.Select(s => (byte)(sbyte)s), .. Half(D)], y);

        y.Should().Equal(levels.Select((q, i) => D * scales[i / 16] * (q - 32)));
    }

    [Fact]
    public void A_level_of_zero_keeps_the_sign_of_its_scale()
    {
        float[] y = new float[32];

        BlockKernels.For(BlockFormat.Q8_0).Decode([.. Half(-D), .. new byte[32]], y);

        y.Should().OnlyContain(weight => weight == 0 && float.IsNegative(weight));
    }

    private static byte[] SmallBlock(int[] levels, int levelMax, bool hasMinimum)
    {
        byte[] lows = new byte[16];
        uint highs = 0;
        for (int i = 0; i < 32; i++)
        {
            lows[i % 16] |= (byte)((levels[i] & 15) << (i / 16 * 4));
            highs |= (uint)(levels[i] >> 4) << i;
        }
        return [.. Half(D), .. hasMinimum ? Half(M) : [], .. levelMax > 15 ? BitConverter.GetBytes(highs) : [], .. lows];
    }

    private static byte[] Half(float value) => BitConverter.GetBytes((Half)value);

    private int[] Levels(int count, int max) => [.. Enumerable.Range(0, count).Select(_ => _random.Next(max + 1))];
}
