using System.Globalization;
using System.Runtime.InteropServices;

namespace Neuralink.Storage.Gguf;

/// <summary>Reads the metadata of a GGUF file: keys with values of a stated type. Arrays of arrays are refused.</summary>
internal static class GgufMetadataReader
{
    /// <summary>A key's length and a type, with nothing behind them: what any pair takes.</summary>
    public const int PairBytesMin = sizeof(ulong) + sizeof(uint) + 1;

    private const int KeyBytesMax = ushort.MaxValue;

    /// <summary>Reads <paramref name="count"/> pairs.</summary>
    /// <exception cref="NeuralinkException">A key or a value is malformed, or a key comes twice.</exception>
    public static Dictionary<string, GgufValue> Read(GgufCursor cursor, int count)
    {
        Dictionary<string, GgufValue> values = new(StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            string key = cursor.Text(string.Create(CultureInfo.InvariantCulture, $"key {i} of {count}"));
            if (key.Length is 0 or > KeyBytesMax)
                throw cursor.Refuse($"keys of 1 to {KeyBytesMax} bytes", $"one of {key.Length}");
            if (!values.TryAdd(key, ReadValue(cursor, key)))
                throw cursor.Refuse("each key once", $"{key} a second time");
        }
        return values;
    }

    private static GgufValue ReadValue(GgufCursor cursor, string key)
    {
        GgufValueType type = ReadType(cursor, key, "");
        return type == GgufValueType.Array ? ReadArray(cursor, key) : new GgufValue(type, itemType: null, ReadScalar(cursor, type, key));
    }

    private static GgufValueType ReadType(GgufCursor cursor, string key, string ofItems)
    {
        uint type = cursor.U32($"the type of {key}");
        return type <= (uint)GgufValueType.F64
            ? (GgufValueType)type
            : throw cursor.Refuse($"{key}{ofItems} of a type of 0 to {(uint)GgufValueType.F64}", $"type {type}");
    }

    private static object ReadScalar(GgufCursor cursor, GgufValueType type, string key) => type switch
    {
        GgufValueType.U8 => (long)cursor.U8(key),
        GgufValueType.I8 => (long)(sbyte)cursor.U8(key),
        GgufValueType.U16 => (long)cursor.U16(key),
        GgufValueType.I16 => (long)(short)cursor.U16(key),
        GgufValueType.U32 => (long)cursor.U32(key),
        GgufValueType.I32 => (long)(int)cursor.U32(key),
        GgufValueType.I64 => (long)cursor.U64(key),
        GgufValueType.U64 => cursor.U64(key),
        GgufValueType.F32 => (double)BitConverter.UInt32BitsToSingle(cursor.U32(key)),
        GgufValueType.F64 => BitConverter.UInt64BitsToDouble(cursor.U64(key)),
        GgufValueType.Bool => cursor.U8(key) switch
        {
            0 => false,
            1 => true,
            var other => throw cursor.Refuse($"{key} as a bool, 0 or 1", $"{other}"),
        },
        GgufValueType.Text => cursor.Text(key),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, message: null),
    };

    private static GgufValue ReadArray(GgufCursor cursor, string key)
    {
        GgufValueType type = ReadType(cursor, key, " with items");
        if (type == GgufValueType.Array)
            throw cursor.Refuse($"{key} as an array of numbers, bools or strings", "an array of arrays");
        int count = cursor.Count($"the items of the array {key}", type.MinimumBytes());
        return new GgufValue(GgufValueType.Array, type, type switch
        {
            GgufValueType.Text => ReadTexts(cursor, key, count),
            GgufValueType.F32 => ReadNumbers<float>(cursor, key, count),
            GgufValueType.U8 or GgufValueType.Bool => ReadNumbers<byte>(cursor, key, count),
            GgufValueType.I8 => ReadNumbers<sbyte>(cursor, key, count),
            GgufValueType.U16 => ReadNumbers<ushort>(cursor, key, count),
            GgufValueType.I16 => ReadNumbers<short>(cursor, key, count),
            GgufValueType.U32 => ReadNumbers<uint>(cursor, key, count),
            GgufValueType.I32 => ReadNumbers<int>(cursor, key, count),
            GgufValueType.U64 => ReadNumbers<ulong>(cursor, key, count),
            GgufValueType.I64 => ReadNumbers<long>(cursor, key, count),
            _ => ReadNumbers<double>(cursor, key, count),
        });
    }

    private static string[] ReadTexts(GgufCursor cursor, string key, int count)
    {
        // A list that grows: the bytes that are left bound the number, not what so many texts take in memory.
        List<string> texts = [];
        string what = $"a text of {key}";
        for (int i = 0; i < count; i++)
            texts.Add(cursor.Text(what));
        return [.. texts];
    }

    private static T[] ReadNumbers<T>(GgufCursor cursor, string key, int count)
        where T : unmanaged
    {
        T[] numbers = new T[count];
        cursor.Fill(MemoryMarshal.AsBytes(numbers.AsSpan()), key);
        return numbers;
    }
}
