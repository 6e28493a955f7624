using System.Text;

namespace Neuralink.Storage.Tests;

public sealed class Crc32CTests
{
    public static TheoryData<byte[], uint> KnownAnswers => new()
    {
        { [], 0 },
        { Encoding.ASCII.GetBytes("123456789"), 0xE3069283 },

        // RFC 3720, appendix B.4.
        { new byte[32], 0x8A9136AA },
        { Enumerable.Repeat((byte)0xFF, 32).ToArray(), 0x62A8AB43 },
        { Enumerable.Range(0, 32).Select(i => (byte)i).ToArray(), 0x46DD794E },
        { Enumerable.Range(0, 32).Select(i => (byte)(31 - i)).ToArray(), 0x113FDB5C },
    };

    [Theory]
    [MemberData(nameof(KnownAnswers))]
    public void Known_answers(byte[] bytes, uint crc) => Crc32C.Compute(bytes).Should().Be(crc);

    [Fact]
    public void Equals_the_bitwise_definition_at_ragged_lengths_and_offsets()
    {
        byte[] bytes = new byte[300];
        new Random(1).NextBytes(bytes);
        for (int start = 0; start < 9; start++)
        {
            for (int length = 0; length < 100; length++)
                Crc32C.Compute(bytes.AsSpan(start, length)).Should().Be(Reference(bytes.AsSpan(start, length)));
        }
    }

    [Fact]
    public void Equals_the_bitwise_definition_where_lanes_are_joined()
    {
        byte[] bytes = new byte[8000];
        new Random(2).NextBytes(bytes);
        int[] lengths = [383, 384, 385, 512, 767, 768, 1536, 3071, 3072, 3073, 3456, 4092, 6143, 6144, 6528, 7999];
        foreach (int length in lengths)
            Crc32C.Compute(bytes.AsSpan(1, length)).Should().Be(Reference(bytes.AsSpan(1, length)), "of {0} bytes", length);
    }

    private static uint Reference(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ ((crc & 1) * 0x82F63B78u);
        }

        return ~crc;
    }
}
