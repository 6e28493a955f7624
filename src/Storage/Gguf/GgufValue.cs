using System.Runtime.InteropServices;
using System.Text;

namespace Neuralink.Storage.Gguf;

/// <summary>A metadata value.</summary>
public sealed class GgufValue
{
    /// <param name="type">Its type.</param>
    /// <param name="itemType">The type of an array's items; null of everything else.</param>
    /// <param name="content">
    /// long of whole numbers, ulong of a u64, double, bool, string; of an array, an array of its items: string, or numbers as the file has
    /// them.
    /// </param>
    internal GgufValue(GgufValueType type, GgufValueType? itemType, object content)
    {
        Type = type;
        ItemType = itemType;
        Content = content;
    }

    internal GgufValueType Type { get; }

    internal GgufValueType? ItemType { get; }

    internal object Content { get; }

    /// <summary>The type as a message names it.</summary>
    internal string TypeName => ItemType is { } item
        ? $"an array of {GgufValueTypes.NameOf(item)}"
        : $"a value of type {GgufValueTypes.NameOf(Type)}";

    /// <summary>A u32, which is what llama.cpp wants sizes and ids to be.</summary>
    public static GgufValue Of(int value) => new(GgufValueType.U32, null, (long)checked((uint)value));

    public static GgufValue Of(float value) => new(GgufValueType.F32, null, (double)value);

    public static GgufValue Of(bool value) => new(GgufValueType.Bool, null, value);

    public static GgufValue Of(string value) => new(GgufValueType.Text, null, value);

    public static GgufValue Of(string[] values) => new(GgufValueType.Array, GgufValueType.Text, values);

    /// <summary>An array of i32.</summary>
    public static GgufValue Of(int[] values) => new(GgufValueType.Array, GgufValueType.I32, values);

    public static GgufValue Of(float[] values) => new(GgufValueType.Array, GgufValueType.F32, values);

    /// <summary>Writes type and content as a file has them.</summary>
    internal void Write(BinaryWriter writer)
    {
        writer.Write((uint)Type);
        if (Content is not Array items)
        {
            WriteScalar(writer);
            return;
        }
        writer.Write((uint)ItemType!.Value);
        writer.Write((ulong)items.Length);
        if (items is string[] texts)
            Array.ForEach(texts, text => WriteText(writer, text));
        else
            writer.Write(MemoryMarshal.CreateReadOnlySpan(ref MemoryMarshal.GetArrayDataReference(items), Buffer.ByteLength(items)));
    }

    internal static void WriteText(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private void WriteScalar(BinaryWriter writer)
    {
        switch (Type)
        {
            case GgufValueType.Text:
                WriteText(writer, (string)Content);
                break;
            case GgufValueType.Bool:
                writer.Write((bool)Content);
                break;
            case GgufValueType.F32:
                writer.Write((float)(double)Content);
                break;
            case GgufValueType.F64:
                writer.Write((double)Content);
                break;
            case GgufValueType.U64:
                writer.Write((ulong)Content);
                break;
            default:
                Span<byte> bytes = stackalloc byte[sizeof(long)];
                BitConverter.TryWriteBytes(bytes, (long)Content);
                writer.Write(bytes[..Type.MinimumBytes()]);
                break;
        }
    }
}
