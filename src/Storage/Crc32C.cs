using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Neuralink.Storage;

/// <summary>
/// CRC-32C (Castagnoli; RFC 3720, appendix B.4): polynomial 0x1EDC6F41 reflected, initial value and final exclusive-or all ones. It ends
/// every bundle. The processor's instruction takes 8 bytes in 3 cycles, which no flash device outruns.
/// </summary>
public static class Crc32C
{
    /// <summary>The checksum of <paramref name="bytes"/>; 0 for none.</summary>
    public static uint Compute(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        ref byte position = ref MemoryMarshal.GetReference(bytes);
        int words = bytes.Length / sizeof(ulong);
        for (int i = 0; i < words; i++)
        {
            ulong word = Unsafe.ReadUnaligned<ulong>(ref position);
            crc = BitOperations.Crc32C(
                crc, BitConverter.IsLittleEndian ? word : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(word));
            position = ref Unsafe.Add(ref position, sizeof(ulong));
        }

        foreach (byte last in bytes[(words * sizeof(ulong))..])
            crc = BitOperations.Crc32C(crc, last);
        return ~crc;
    }
}
