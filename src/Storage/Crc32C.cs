using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Neuralink.Storage;

/// <summary>
/// CRC-32C (Castagnoli; RFC 3720, appendix B.4): polynomial 0x1EDC6F41 reflected, initial value and final exclusive-or all ones. It ends
/// every bundle.
/// <para>
/// The processor's instruction takes 8 bytes, and its result comes 3 cycles later. So three neighbouring lanes are summed side by side,
/// and joined: what precedes a lane of zeros is a linear function of what it was before, which a table has.
/// </para>
/// </summary>
public static class Crc32C
{
    private static readonly Lanes s_long = new(1024);
    private static readonly Lanes s_short = new(128);

    /// <summary>The checksum of <paramref name="bytes"/>; 0 for none.</summary>
    public static uint Compute(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        ReadOnlySpan<byte> rest = s_short.Advance(ref crc, s_long.Advance(ref crc, bytes));
        ref byte position = ref MemoryMarshal.GetReference(rest);
        int words = rest.Length / sizeof(ulong);
        for (int i = 0; i < words; i++)
            crc = BitOperations.Crc32C(crc, Word(ref Unsafe.Add(ref position, i * sizeof(ulong))));
        foreach (byte last in rest[(words * sizeof(ulong))..])
            crc = BitOperations.Crc32C(crc, last);
        return ~crc;
    }

    private static ulong Word(ref byte position)
    {
        ulong word = Unsafe.ReadUnaligned<ulong>(ref position);
        return BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word);
    }

    /// <summary>Three lanes of a length.</summary>
    private sealed class Lanes
    {
        private readonly int _lengthBytes;
        private readonly uint[] _past;      // [4, 256]: what a byte of a register becomes past a lane of zeros

        /// <param name="lengthBytes">Of a lane, a multiple of 8.</param>
        public Lanes(int lengthBytes)
        {
            _lengthBytes = lengthBytes;
            _past = new uint[4 * 256];
            for (int bit = 0; bit < 32; bit++)
            {
                uint crc = 1u << bit;
                for (int i = 0; i < lengthBytes; i += sizeof(ulong))
                    crc = BitOperations.Crc32C(crc, 0UL);
                for (int value = 0; value < 256; value++)
                {
                    if ((value >> (bit % 8) & 1) == 1)
                        _past[(bit / 8 * 256) + value] ^= crc;
                }
            }
        }

        /// <returns>What is left of <paramref name="bytes"/>: less than three lanes.</returns>
        public ReadOnlySpan<byte> Advance(ref uint crc, ReadOnlySpan<byte> bytes)
        {
            int length = _lengthBytes;
            for (; bytes.Length >= 3 * length; bytes = bytes[(3 * length)..])
            {
                ref byte position = ref MemoryMarshal.GetReference(bytes);
                uint first = crc, second = 0, third = 0;
                for (int i = 0; i < length; i += sizeof(ulong))
                {
                    first = BitOperations.Crc32C(first, Word(ref Unsafe.Add(ref position, i)));
                    second = BitOperations.Crc32C(second, Word(ref Unsafe.Add(ref position, i + length)));
                    third = BitOperations.Crc32C(third, Word(ref Unsafe.Add(ref position, i + (2 * length))));
                }
                crc = Past(Past(first) ^ second) ^ third;
            }
            return bytes;
        }

        private uint Past(uint crc) =>
            _past[crc & 0xFF] ^ _past[256 + (crc >> 8 & 0xFF)] ^ _past[512 + (crc >> 16 & 0xFF)] ^ _past[768 + (crc >> 24)];
    }
}
