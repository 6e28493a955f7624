using System.Text;

namespace Neuralink.Storage.Tests.Gguf;

/// <summary>GGUF files as bytes, right or wrong, written with nothing of the reader's or the writer's.</summary>
internal sealed class GgufBytes
{
    private readonly MemoryStream _memory = new();
    private readonly BinaryWriter _writer;

    private GgufBytes()
    {
        _writer = new BinaryWriter(_memory);
    }

    /// <summary>A file of two tensors, "a" [2, 3] of F32 and "b" [32] of Q8_0, with a key of each type.</summary>
    public static byte[] Small()
    {
        GgufBytes file = Start(tensors: 2, keys: 7);
        file.Key("general.architecture", 8).Text("none");
        file.Key("n.u32", 4).U32(7);
        file.Key("n.i64", 11).U64(unchecked((ulong)-5));
        file.Key("n.f32", 6).U32(BitConverter.SingleToUInt32Bits(0.5f));
        file.Key("n.flag", 7).U8(1);
        file.Key("n.texts", 9).U32(8).U64(2).Text("one").Text("zwei");
        file.Key("n.numbers", 9).U32(5).U64(3).U32(1).U32(2).U32(0xFFFFFFFF);
        file.Tensor("a", [3, 2], 0, 0);
        file.Tensor("b", [32], 8, 32);
        return file.Data(
            [.. Enumerable.Range(0, 24).Select(i => (byte)i), .. new byte[8], .. Enumerable.Range(100, 34).Select(i => (byte)i)]);
    }

    public static GgufBytes Start(ulong tensors, ulong keys, uint version = 3, string magic = "GGUF")
    {
        GgufBytes file = new();
        file._writer.Write(Encoding.ASCII.GetBytes(magic));
        return file.U32(version).U64(tensors).U64(keys);
    }

    public GgufBytes Key(string key, uint type) => Text(key).U32(type);

    public GgufBytes Tensor(string name, ulong[] sizes, uint type, ulong offset)
    {
        Text(name).U32((uint)sizes.Length);
        foreach (ulong size in sizes)
            U64(size);
        return U32(type).U64(offset);
    }

    public GgufBytes Text(string text) => U64((ulong)Encoding.UTF8.GetByteCount(text)).Raw(Encoding.UTF8.GetBytes(text));

    public GgufBytes U8(byte value)
    {
        _writer.Write(value);
        return this;
    }

    public GgufBytes U32(uint value)
    {
        _writer.Write(value);
        return this;
    }

    public GgufBytes U64(ulong value)
    {
        _writer.Write(value);
        return this;
    }

    public GgufBytes Raw(byte[] bytes)
    {
        _writer.Write(bytes);
        return this;
    }

    /// <summary>The file with <paramref name="data"/> at the next multiple of 32.</summary>
    public byte[] Data(params byte[] data)
    {
        Raw(new byte[(32 - (_memory.Length % 32)) % 32]).Raw(data);
        return _memory.ToArray();
    }
}
