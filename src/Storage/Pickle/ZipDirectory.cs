using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Neuralink.Storage.Pickle;

/// <summary>A record of a zip archive.</summary>
/// <param name="Name">Its name, folders included.</param>
/// <param name="HeaderOffset">Where its own header lies in the file.</param>
/// <param name="LengthBytes">Its length, as it is stored and whole.</param>
/// <param name="Crc32">The checksum of its bytes.</param>
/// <param name="IsStored">Whether its bytes lie in the file as they are: neither compressed nor encrypted.</param>
internal sealed record ZipRecord(string Name, long HeaderOffset, long LengthBytes, uint Crc32, bool IsStored);

/// <summary>
/// The directory at the end of a zip archive, with 64-bit sizes where it has them, so that records can be read in place. Nothing is ever
/// unpacked. Format: PKWARE's APPNOTE.TXT, sections 4.3 and 4.5.3.
/// </summary>
internal static class ZipDirectory
{
    private const uint EndSignature = 0x06054B50, LocatorSignature = 0x07064B50, End64Signature = 0x06064B50;
    private const uint EntrySignature = 0x02014B50, HeaderSignature = 0x04034B50;
    private const int EndBytes = 22, LocatorBytes = 20, End64Bytes = 56, EntryBytes = 46, HeaderBytes = 30;
    private const int CommentBytesMax = ushort.MaxValue, DirectoryBytesMax = 64 << 20;

    /// <summary>The records by name.</summary>
    /// <exception cref="InvalidPickleException">The archive has no whole directory, or one that contradicts itself.</exception>
    public static IReadOnlyDictionary<string, ZipRecord> Read(SafeFileHandle handle, long fileBytes)
    {
        (long offset, long length) = Find(handle, fileBytes);
        if (length > DirectoryBytesMax)
            throw new InvalidPickleException($"a zip directory of at most {DirectoryBytesMax} bytes", $"{length}");
        byte[] directory = ReadAt(handle, offset, (int)length);
        Dictionary<string, ZipRecord> records = new(StringComparer.Ordinal);
        for (int at = 0; at < directory.Length;)
        {
            ZipRecord record = Entry(directory, ref at);
            if (record.HeaderOffset > offset - HeaderBytes || record.LengthBytes > offset - HeaderBytes - record.HeaderOffset)
                throw new InvalidPickleException($"the record {record.Name} in front of the zip directory", "it behind or within that");
            if (!records.TryAdd(record.Name, record))
                throw new InvalidPickleException($"one record {record.Name}", "two");
        }
        return records;
    }

    /// <summary>Where the bytes of a record lie in the file.</summary>
    /// <exception cref="InvalidPickleException">It is compressed, or not where the directory says.</exception>
    public static long DataOffset(SafeFileHandle handle, long fileBytes, ZipRecord record)
    {
        if (!record.IsStored)
        {
            throw new InvalidPickleException(
                $"the record {record.Name} stored as it is, as torch.save writes it", "it compressed or encrypted",
                "save the checkpoint again with torch.save");
        }
        byte[] header = ReadAt(handle, record.HeaderOffset, HeaderBytes);
        if (BinaryPrimitives.ReadUInt32LittleEndian(header) != HeaderSignature)
            throw new InvalidPickleException($"the record {record.Name} at byte {record.HeaderOffset}", "something else");
        long offset = record.HeaderOffset + HeaderBytes + UInt16(header, 26) + UInt16(header, 28);
        return offset <= fileBytes - record.LengthBytes
            ? offset
            : throw new InvalidPickleException($"the record {record.Name} of {record.LengthBytes} bytes", "the file's end before its own");
    }

    private static (long Offset, long LengthBytes) Find(SafeFileHandle handle, long fileBytes)
    {
        int tailBytes = (int)Math.Min(fileBytes, EndBytes + CommentBytesMax);
        byte[] tail = ReadAt(handle, fileBytes - tailBytes, tailBytes);
        for (int at = tailBytes - EndBytes; at >= 0; at--)
        {
            if (UInt32(tail, at) != EndSignature || at + EndBytes + UInt16(tail, at + 20) > tailBytes)
                continue;
            long end = fileBytes - tailBytes + at;
            (long offset, long length) = End64(handle, end) ?? (UInt32(tail, at + 16), UInt32(tail, at + 12));
            if (offset < 0 || length < 0 || offset > end - length)
                throw new InvalidPickleException($"a zip directory in front of byte {end}", $"{length} bytes from {offset}");
            return (offset, length);
        }
        throw new InvalidPickleException(
            "a zip archive with its directory", "no directory at the end", "the file was not copied or downloaded whole; get it again");
    }

    /// <summary>The directory as the 64-bit end record has it, or null where there is none.</summary>
    private static (long Offset, long LengthBytes)? End64(SafeFileHandle handle, long end)
    {
        if (end < LocatorBytes + End64Bytes)
            return null;
        byte[] locator = ReadAt(handle, end - LocatorBytes, LocatorBytes);
        if (BinaryPrimitives.ReadUInt32LittleEndian(locator) != LocatorSignature)
            return null;
        long at = BinaryPrimitives.ReadInt64LittleEndian(locator.AsSpan(8));
        if (at < 0 || at > end - LocatorBytes - End64Bytes)
            throw new InvalidPickleException("the end record of a large zip archive", $"a place outside the file, {at}");
        byte[] record = ReadAt(handle, at, End64Bytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(record) == End64Signature
            ? (BinaryPrimitives.ReadInt64LittleEndian(record.AsSpan(48)), BinaryPrimitives.ReadInt64LittleEndian(record.AsSpan(40)))
            : throw new InvalidPickleException("the end record of a large zip archive", "something else");
    }

    private static ZipRecord Entry(byte[] directory, ref int at)
    {
        ReadOnlySpan<byte> entry = directory.AsSpan(at);
        if (entry.Length < EntryBytes || BinaryPrimitives.ReadUInt32LittleEndian(entry) != EntrySignature)
            throw new InvalidPickleException("an entry of the zip directory", $"something else at its byte {at}");
        int nameBytes = UInt16(entry, 28), extraBytes = UInt16(entry, 30), commentBytes = UInt16(entry, 32);
        if (entry.Length < EntryBytes + nameBytes + extraBytes + commentBytes)
            throw new InvalidPickleException("an entry of the zip directory", "one that ends behind it");
        string name = Encoding.UTF8.GetString(entry.Slice(EntryBytes, nameBytes));
        Sizes sizes = Sizes64(
            entry.Slice(EntryBytes + nameBytes, extraBytes), new Sizes(UInt32(entry, 24), UInt32(entry, 20), UInt32(entry, 42)), name);
        bool isEncrypted = (UInt16(entry, 8) & 1) != 0, isStored = UInt16(entry, 10) == 0 && sizes.Length == sizes.Stored;
        at += EntryBytes + nameBytes + extraBytes + commentBytes;
        return new ZipRecord(name, sizes.Header, sizes.Length, UInt32(entry, 16), isStored && !isEncrypted);
    }

    /// <summary>Sizes that do not fit in 32 bits stand in an extra field, in this order, and only those.</summary>
    private static Sizes Sizes64(ReadOnlySpan<byte> extra, Sizes sizes, string name)
    {
        const ushort fieldOf64 = 1;
        (long length, long stored, long header) = sizes;
        while (extra.Length >= 4)
        {
            int fieldBytes = Math.Min(UInt16(extra, 2), extra.Length - 4);
            ReadOnlySpan<byte> field = extra.Slice(4, fieldBytes);
            if (UInt16(extra, 0) == fieldOf64)
                return new Sizes(Next(ref field, length, name), Next(ref field, stored, name), Next(ref field, header, name));
            extra = extra[(4 + fieldBytes)..];
        }
        return sizes;
    }

    private static long Next(ref ReadOnlySpan<byte> field, long size, string name)
    {
        if (size != uint.MaxValue)
            return size;
        if (field.Length < sizeof(long) || BinaryPrimitives.ReadInt64LittleEndian(field) is < 0)
            throw new InvalidPickleException($"the 64-bit sizes of the record {name}", "less than they take");
        size = BinaryPrimitives.ReadInt64LittleEndian(field);
        field = field[sizeof(long)..];
        return size;
    }

    private static ushort UInt16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint UInt32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static byte[] ReadAt(SafeFileHandle handle, long offset, int length)
    {
        byte[] bytes = new byte[length];
        for (int done = 0; done < length;)
        {
            int count = RandomAccess.Read(handle, bytes.AsSpan(done), offset + done);
            if (count == 0)
                throw new InvalidPickleException($"{length} bytes at {offset}", $"{done}");
            done += count;
        }
        return bytes;
    }

    private readonly record struct Sizes(long Length, long Stored, long Header);
}
