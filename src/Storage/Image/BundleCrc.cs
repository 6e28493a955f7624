using System.Buffers.Binary;

namespace Neuralink.Storage.Image;

/// <summary>The checksum that ends each bundle: CRC-32C, little endian, over the rest of the stride.</summary>
public static class BundleCrc
{
    /// <summary>Bytes of the checksum.</summary>
    public const int SizeBytes = 4;

    /// <summary>A stride is a multiple of this, the smallest block that direct I/O reads.</summary>
    public const int StrideMultipleBytes = 512;

    /// <summary>Writes the checksum of <paramref name="bundle"/> [stride] into its last four bytes.</summary>
    public static void Seal(Span<byte> bundle) =>
        BinaryPrimitives.WriteUInt32LittleEndian(bundle[^SizeBytes..], Crc32C.Compute(bundle[..^SizeBytes]));

    /// <summary>Whether the last four bytes are the checksum of the others.</summary>
    public static bool IsIntact(ReadOnlySpan<byte> bundle) =>
        BinaryPrimitives.ReadUInt32LittleEndian(bundle[^SizeBytes..]) == Crc32C.Compute(bundle[..^SizeBytes]);
}
