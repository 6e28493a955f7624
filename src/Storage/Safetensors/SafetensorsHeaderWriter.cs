using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;

namespace Neuralink.Storage.Safetensors;

/// <summary>Makes the bytes in front of the data: the length, the JSON header, and the spaces that align the data.</summary>
internal static class SafetensorsHeaderWriter
{
    private const int PrefixBytes = 8;

    public static byte[] Write(
        IReadOnlyList<TensorDeclaration> tensors, IReadOnlyDictionary<string, string>? metadata, int dataAlignmentBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dataAlignmentBytes);
        ReadOnlySpan<byte> json = WriteJson(tensors, metadata);
        int dataOffset = checked((PrefixBytes + json.Length + dataAlignmentBytes - 1) / dataAlignmentBytes * dataAlignmentBytes);
        if (dataOffset - PrefixBytes > SafetensorsHeader.LengthBytesMax)
        {
            throw new ArgumentException(
                $"The header needs {json.Length} bytes; {SafetensorsHeader.LengthBytesMax} are allowed.", nameof(tensors));
        }
        byte[] bytes = new byte[dataOffset];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, dataOffset - PrefixBytes);
        json.CopyTo(bytes.AsSpan(PrefixBytes));
        bytes.AsSpan(PrefixBytes + json.Length).Fill((byte)' ');
        return bytes;
    }

    private static ReadOnlySpan<byte> WriteJson(IReadOnlyList<TensorDeclaration> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        ArrayBufferWriter<byte> buffer = new();
        using Utf8JsonWriter writer = new(buffer);
        writer.WriteStartObject();
        if (metadata is { Count: > 0 })
            WriteMetadata(writer, metadata);
        HashSet<string> names = new(StringComparer.Ordinal) { SafetensorsHeader.MetadataName };
        long begin = 0;
        foreach (TensorDeclaration tensor in tensors)
        {
            if (!names.Add(tensor.Name))
                throw new ArgumentException($"Tensor '{tensor.Name}' is declared twice, or has a reserved name.", nameof(tensors));
            long end = checked(begin + tensor.LengthBytes);
            writer.WriteStartObject(tensor.Name);
            writer.WriteString("dtype", tensor.Dtype.ToString());
            WriteNumbers(writer, "shape", tensor.Shape.AsSpan());
            WriteNumbers(writer, "data_offsets", [begin, end]);
            writer.WriteEndObject();
            begin = end;
        }

        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenSpan;
    }

    private static void WriteMetadata(Utf8JsonWriter writer, IReadOnlyDictionary<string, string> metadata)
    {
        // Sorted, so that the same content always makes the same file and digest.
        writer.WriteStartObject(SafetensorsHeader.MetadataName);
        foreach ((string key, string value) in metadata.OrderBy(entry => entry.Key, StringComparer.Ordinal))
            writer.WriteString(key, value);
        writer.WriteEndObject();
    }

    private static void WriteNumbers(Utf8JsonWriter writer, string name, ReadOnlySpan<long> numbers)
    {
        writer.WriteStartArray(name);
        foreach (long number in numbers)
            writer.WriteNumberValue(number);
        writer.WriteEndArray();
    }
}
