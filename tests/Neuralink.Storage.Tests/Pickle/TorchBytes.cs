using System.IO.Hashing;
using System.Text;

namespace Neuralink.Storage.Tests.Pickle;

/// <summary>Checkpoints as torch.save writes them, byte by byte.</summary>
internal static class TorchBytes
{
    /// <summary>Two tensors that share a storage of eight int16 numbers, 0 to 7: "a" [2, 4] whole, "t" [4, 2] transposed.</summary>
    public static TorchPart[] SmallParts { get; } =
    [
        new("a", "Short", "0", 8, [2, 4]), new("t", "Short", "0", 8, [4, 2]) { Strides = [1, 4] },
    ];

    public static byte[] SmallZip { get; } = Zip(new PickleProgram().StateDict(SmallParts).Stop(), ("0", Shorts(8)));

    public static byte[] SmallLegacy { get; } =
        Legacy(new PickleProgram().StateDict(SmallParts, isLegacy: true).Stop(), ("0", 8, Shorts(8)));

    /// <summary>The numbers 0, 1, 2, ... as int16.</summary>
    public static byte[] Shorts(int count) => [.. Enumerable.Range(0, count).SelectMany(n => BitConverter.GetBytes((short)n))];

    /// <summary>The zip form.</summary>
    public static byte[] Zip(byte[] pickle, params (string Key, byte[] Data)[] storages) => Archive(
        isLarge: false,
        [("m/data.pkl", pickle), ("m/byteorder", [.. "little"u8]), .. storages.Select(s => ($"m/data/{s.Key}", s.Data))]);

    /// <summary>A zip archive whose sizes are in the fields for large files, or not.</summary>
    public static byte[] Archive(bool isLarge, params (string Name, byte[] Data)[] records)
    {
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream);
        using MemoryStream directory = new();
        using BinaryWriter entries = new(directory);
        foreach ((string name, byte[] data) in records)
        {
            byte[] utf8 = Encoding.UTF8.GetBytes(name);
            uint crc = Crc32.HashToUInt32(data), length = isLarge ? uint.MaxValue : (uint)data.Length;
            long at = stream.Position;
            Write(writer, 0x04034B50u, (ushort)45, (ushort)0, (ushort)0, 0u, crc, length, length, (ushort)utf8.Length, (ushort)6);
            writer.Write(utf8);
            Write(writer, (ushort)0x4246, (ushort)2, (ushort)0);
            writer.Write(data);
            Write(entries, 0x02014B50u, (ushort)0, (ushort)45, (ushort)0, (ushort)0, 0u, crc, length, length, (ushort)utf8.Length);
            Write(entries, (ushort)(isLarge ? 28 : 0), (ushort)0, 0u, 0u, isLarge ? uint.MaxValue : (uint)at);
            entries.Write(utf8);
            if (isLarge)
                Write(entries, (ushort)1, (ushort)24, (long)data.Length, (long)data.Length, at);
        }
        long begin = stream.Position, directoryBytes = directory.Length;
        writer.Write(directory.ToArray());
        if (isLarge)
        {
            long end64 = stream.Position;
            Write(writer, 0x06064B50u, 44L, 0u, 0u, 0u, (long)records.Length, (long)records.Length, directoryBytes, begin);
            Write(writer, 0x07064B50u, 0u, end64, 1u);
        }
        Write(writer, 0x06054B50u, 0u, (ushort)records.Length, (ushort)records.Length);
        Write(writer, isLarge ? uint.MaxValue : (uint)directoryBytes, isLarge ? uint.MaxValue : (uint)begin, (ushort)0);
        return stream.ToArray();
    }

    /// <summary>
    /// Writes a large archive whose last record has <paramref name="hole"/> zero bytes in front of its own, which take no room on the disk.
    /// </summary>
    public static string WithHole(string path, byte[] archive, long hole)
    {
        // What follows the last record's data: its entry, the directory's two ends, and their fields of 64 bits.
        int data = archive.AsSpan().LastIndexOf("m/data/1"u8), entry = data - 46, end64 = archive.AsSpan().LastIndexOf("PK\x6\x6"u8);
        int begin = archive.AsSpan(0, entry).IndexOf("m/data/1"u8) + "m/data/1".Length + 6;
        byte[] tail = archive[begin..];
        foreach (int at in (int[])[data + 8 + 4, data + 8 + 12, end64 + 48, end64 + 56 + 8])
            BitConverter.TryWriteBytes(tail.AsSpan(at - begin), BitConverter.ToInt64(archive, at) + hole).Should().BeTrue();
        using FileStream stream = File.Create(path);
        stream.Write(archive, 0, begin);
        stream.Position += hole;
        stream.Write(tail);
        return path;
    }

    /// <summary>The form before torch 1.6.</summary>
    public static byte[] Legacy(byte[] pickle, params (string Key, long Count, byte[] Data)[] storages)
    {
        PickleProgram keys = new PickleProgram().Op(']').Op('(');
        foreach ((string key, _, _) in storages)
            keys.Text(key);
        return
        [
            .. new PickleProgram().Op([0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]).Stop(),
            .. new PickleProgram().Number(1001).Stop(),
            .. new PickleProgram().Op('}').Text("little_endian").Op(0x88).Op('s').Stop(),
            .. pickle,
            .. keys.Op('e').Stop(),
            .. storages.SelectMany(storage => (byte[])[.. BitConverter.GetBytes(storage.Count), .. storage.Data]),
        ];
    }

    private static void Write(BinaryWriter writer, params object[] fields)
    {
        foreach (object field in fields)
        {
            switch (field)
            {
                case ushort number: writer.Write(number); break;
                case uint number: writer.Write(number); break;
                case long number: writer.Write(number); break;
                default: throw new ArgumentException($"{field.GetType()} is no field of a zip archive.", nameof(fields));
            }
        }
    }
}
