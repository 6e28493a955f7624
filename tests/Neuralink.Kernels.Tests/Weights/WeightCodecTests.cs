using System.Runtime.InteropServices;

namespace Neuralink.Kernels.Tests;

public class WeightCodecTests
{
    private static readonly float[] Edges =
    [
        0f, -0f, 1f, -1f, 65504f, 65519.996f, 65520f, -65520f, 1e30f, 6.1035156e-5f, 6.097555e-5f, 5.9604645e-8f,
        2.9802322e-8f, 2.9802326e-8f,
        8.940697e-8f, -2.98e-8f, 1e-40f, float.Epsilon, float.MaxValue, float.MinValue, float.PositiveInfinity, float.NegativeInfinity,
        float.NaN, 2048.5f, 2049.5f, 1.00048828125f, 1.00146484375f, 3.3895314e38f, 3.4e38f, 1.00390625f, 1.01171875f,
    ];

    [Fact]
    public void F16_decodes_every_finite_pattern_exactly_on_every_instruction_set_and_what_is_not_finite_as_a_finite_number()
    {
        Half[] halves = AllPatterns(BitConverter.UInt16BitsToHalf).ToArray();
        float[] expected = halves.Select(half => Half.IsFinite(half) ? (float)half : AsIfFinite(half)).ToArray();
        foreach ((string name, WeightKernels kernels) in Samples.InstructionSets(WeightFormat.F16))
        {
            float[] decoded = new float[halves.Length];
            kernels.Decode(MemoryMarshal.AsBytes(halves.AsSpan()), decoded);
            SameBits(decoded, expected).Should().BeTrue(name);
        }

        SameBits(halves.Select(half => F16Codec.Decode(in Bytes(half)[0])).ToArray(), expected).Should().BeTrue("one by one");
    }

    [Fact]
    public void BF16_decodes_every_pattern_exactly_on_every_instruction_set()
    {
        ushort[] patterns = AllPatterns(bits => bits).ToArray();
        float[] expected = patterns.Select(bits => BitConverter.UInt32BitsToSingle((uint)bits << 16)).ToArray();
        foreach ((string name, WeightKernels kernels) in Samples.InstructionSets(WeightFormat.BF16))
        {
            float[] decoded = new float[patterns.Length];
            kernels.Decode(MemoryMarshal.AsBytes(patterns.AsSpan()), decoded);
            SameBits(decoded, expected).Should().BeTrue(name);
        }
    }

    [Fact]
    public void F16_encodes_as_the_framework_rounds()
    {
        float[] small = Samples.Floats(2, 10_000, 1e-4f);
        float[] large = Samples.Floats(3, 10_000, 7e4f);
        foreach (float[] values in new[] { Edges, AnyFloats(1, 200_003), small, large })
        {
            byte[] encoded = new byte[values.Length * 2];
            WeightKernels.For(WeightFormat.F16).Encode(values, encoded);
            ushort[] expected = values.Select(value => BitConverter.HalfToUInt16Bits((Half)value)).ToArray();
            MemoryMarshal.Cast<byte, ushort>(encoded).SequenceEqual(expected).Should().BeTrue();
        }
    }

    [Fact]
    public void BF16_encodes_to_the_nearest_with_ties_to_even()
    {
        foreach (float[] values in new[] { Edges, AnyFloats(4, 200_003) })
        {
            byte[] encoded = new byte[values.Length * 2];
            WeightKernels.For(WeightFormat.BF16).Encode(values, encoded);
            for (int i = 0; i < values.Length; i++)
            {
                float found = WeightReference.Decode(WeightFormat.BF16, encoded, i);
                if (float.IsNaN(values[i]))
                    found.Should().Be(float.NaN);
                else
                    found.Should().Be(NearestBF16(values[i]), $"of {values[i]:R}");
            }
        }
    }

    [Fact]
    public void F32_is_stored_as_it_is()
    {
        float[] values = AnyFloats(5, 1001);
        byte[] encoded = new byte[values.Length * 4];
        float[] decoded = new float[values.Length];
        WeightKernels kernels = WeightKernels.For(WeightFormat.F32);
        kernels.Encode(values, encoded);
        kernels.Decode(encoded, decoded);
        SameBits(decoded, values).Should().BeTrue();
    }

    [Fact]
    public void AllFinite_finds_one_infinity_or_NaN_at_any_place()
    {
        foreach (WeightFormat format in Samples.Formats)
        {
            WeightKernels kernels = WeightKernels.For(format);
            for (int length = 0; length < 70; length++)
            {
                float[] values = Samples.Floats(length, length, 60000f);
                byte[] row = new byte[kernels.RowBytes(length)];
                kernels.Encode(values, row);
                kernels.AllFinite(row, length).Should().BeTrue();
                for (int i = 0; i < length; i++)
                {
                    float[] spoilt = [.. values];
                    spoilt[i] = (i % 3) switch { 0 => float.NaN, 1 => float.PositiveInfinity, _ => float.NegativeInfinity };
                    kernels.Encode(spoilt, row);
                    kernels.AllFinite(row, length).Should().BeFalse($"{format} at {i} of {length}");
                }
            }
        }
    }

    [Fact]
    public void A_weight_too_large_for_the_format_becomes_infinite_and_is_found()
    {
        byte[] row = new byte[4];
        WeightKernels.For(WeightFormat.F16).Encode([1f, 65520f], row);
        WeightKernels.For(WeightFormat.F16).AllFinite(row, 2).Should().BeFalse();
    }

    /// <summary>Infinities and NaNs, with exponent 31 taken for that of a number: +-(1 + mantissa/1024) 2^16.</summary>
    private static float AsIfFinite(Half value)
    {
        int bits = BitConverter.HalfToInt16Bits(value);
        return MathF.CopySign(65536f * (1 + ((bits & 0x3FF) / 1024f)), bits);
    }

    private static byte[] Bytes(Half value) => BitConverter.GetBytes(value);

    private static IEnumerable<T> AllPatterns<T>(Func<ushort, T> of) => Enumerable.Range(0, 65536).Select(bits => of((ushort)bits));

    private static float[] AnyFloats(int seed, int count)
    {
        float[] values = new float[count];
        new Random(seed).NextBytes(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    private static bool SameBits(ReadOnlySpan<float> found, ReadOnlySpan<float> expected)
        => MemoryMarshal.AsBytes(found).SequenceEqual(MemoryMarshal.AsBytes(expected));

    /// <summary>Of the two neighbours in bfloat16 the nearer, in double precision; on a tie the one with an even last bit.</summary>
    private static float NearestBF16(float value)
    {
        if (float.IsInfinity(value))
            return value;

        uint below = BitConverter.SingleToUInt32Bits(value) >> 16;
        double low = BitConverter.UInt32BitsToSingle(below << 16);
        float above = BitConverter.UInt32BitsToSingle((below + 1) << 16);

        // The neighbour of the largest finite value stands for its distance; rounding to it gives infinity.
        double high = float.IsInfinity(above) ? Math.ScaleB(MathF.Sign(value), 128) : above;
        double toLow = Math.Abs(value - low), toHigh = Math.Abs(high - value);
        bool takeLow = toLow < toHigh || (toLow == toHigh && (below & 1) == 0);
        return takeLow ? (float)low : above;
    }
}
