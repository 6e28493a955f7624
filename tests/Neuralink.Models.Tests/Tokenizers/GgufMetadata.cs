using System.Text;

namespace Neuralink.Models.Tests.Tokenizers;

/// <summary>Reads the metadata of a GGUF version 3 file: keys to strings, numbers or lists of these. No tensors.</summary>
internal static class GgufMetadata
{
    private enum ValueType : uint
    {
        U8, I8, U16, I16, U32, I32, F32, Bool, Text, List, U64, I64, F64,
    }

    public static Dictionary<string, object> Read(string path)
    {
        using BinaryReader reader = new(File.OpenRead(path));
        reader.ReadUInt32().Should().Be(0x46554747, "the file begins with GGUF");
        reader.ReadUInt32().Should().Be(3);
        _ = reader.ReadUInt64();
        ulong count = reader.ReadUInt64();
        Dictionary<string, object> values = [];
        for (ulong i = 0; i < count; i++)
        {
            string key = ReadText(reader);
            values.Add(key, ReadValue(reader, (ValueType)reader.ReadUInt32()));
        }

        return values;
    }

    private static object ReadValue(BinaryReader reader, ValueType type) => type switch
    {
        ValueType.U8 => reader.ReadByte(),
        ValueType.I8 => reader.ReadSByte(),
        ValueType.U16 => reader.ReadUInt16(),
        ValueType.I16 => reader.ReadInt16(),
        ValueType.U32 => reader.ReadUInt32(),
        ValueType.I32 => reader.ReadInt32(),
        ValueType.F32 => reader.ReadSingle(),
        ValueType.Bool => reader.ReadBoolean(),
        ValueType.Text => ReadText(reader),
        ValueType.List => ReadList(reader),
        ValueType.U64 => reader.ReadUInt64(),
        ValueType.I64 => reader.ReadInt64(),
        ValueType.F64 => reader.ReadDouble(),
        _ => throw new InvalidDataException($"GGUF value type {type}"),
    };

    private static object[] ReadList(BinaryReader reader)
    {
        ValueType type = (ValueType)reader.ReadUInt32();
        object[] items = new object[reader.ReadUInt64()];
        for (int i = 0; i < items.Length; i++)
            items[i] = ReadValue(reader, type);

        return items;
    }

    private static string ReadText(BinaryReader reader) => Encoding.UTF8.GetString(reader.ReadBytes((int)reader.ReadUInt64()));
}
