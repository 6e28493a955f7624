using System.Collections.Immutable;

namespace Neuralink.Storage.Gguf;

/// <summary>
/// Reads the tensor table of a GGUF file. The data of the tensors follow each other, each at the next multiple of the alignment; whatever
/// overlaps, leaves a gap or leaves the file is refused, as llama.cpp does.
/// </summary>
internal static class GgufTensorTable
{
    /// <summary>Bytes of the shortest entry: a name of one byte, one dimension, type and offset.</summary>
    public const int EntryBytesMin = sizeof(ulong) + 1 + sizeof(uint) + sizeof(ulong) + sizeof(uint) + sizeof(ulong);

    // ggml's limits (GGML_MAX_DIMS; GGML_MAX_NAME with the zero at its end).
    private const uint DimensionsMax = 4;
    private const int NameBytesMax = 63;

    /// <summary>Reads <paramref name="count"/> entries.</summary>
    /// <param name="cursor">Where the table begins.</param>
    /// <param name="count">Tensors.</param>
    /// <param name="alignment">Of data, in bytes: a power of two.</param>
    /// <returns>The tensors in the order of their data.</returns>
    /// <exception cref="NeuralinkException">An entry is malformed, or the data are not where they can be.</exception>
    public static IReadOnlyList<GgufTensor> Read(GgufCursor cursor, int count, long alignment)
    {
        List<Entry> entries = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            Entry entry = ReadEntry(cursor, $"the name of tensor {i} of {count}");
            if (!names.Add(entry.Name))
                throw cursor.Refuse("each tensor once", $"tensor {entry.Name} a second time");
            entries.Add(entry);
        }
        return Lay(cursor, entries, alignment);
    }

    private static Entry ReadEntry(GgufCursor cursor, string what)
    {
        string name = cursor.Text(what);
        if (name.Length is 0 or > NameBytesMax)
            throw cursor.Refuse($"{what} of 1 to {NameBytesMax} characters", $"{name.Length}");
        uint dimensions = cursor.U32($"the number of dimensions of tensor {name}");
        if (dimensions is 0 or > DimensionsMax)
            throw cursor.Refuse($"tensor {name} of 1 to {DimensionsMax} dimensions", $"{dimensions} dimensions");
        ulong[] sizes = new ulong[dimensions];
        for (int i = 0; i < sizes.Length; i++)
            sizes[i] = cursor.U64($"a dimension of tensor {name}");
        uint number = cursor.U32($"the type of tensor {name}");
        ulong offset = cursor.U64($"the offset of tensor {name}");
        GgufType type = GgufType.Of(number)
            ?? throw cursor.Refuse($"tensor {name} of a type that is known", GgufType.Describe(number));
        return new Entry(name, type, [.. sizes.Reverse().Select(size => (long)size)], offset, LengthOf(cursor, name, type, sizes));
    }

    private static long LengthOf(GgufCursor cursor, string name, GgufType type, ulong[] sizes)
    {
        Int128 elements = 1;
        foreach (ulong size in sizes)
        {
            if (size is 0 or > long.MaxValue)
                throw cursor.Refuse($"tensor {name} with dimensions of 1 or more", $"a dimension of {size}");
            elements *= size;
            if (elements > long.MaxValue)
                throw cursor.Refuse($"tensor {name} of at most 2^63 elements", $"the dimensions {string.Join(" x ", sizes)}");
        }
        if (sizes[0] % (ulong)type.BlockElements != 0)
        {
            throw cursor.Refuse(
                $"tensor {name} of type {type.Name} with rows of a multiple of {type.BlockElements} elements", $"rows of {sizes[0]}");
        }
        Int128 length = elements / type.BlockElements * type.BlockBytes;
        return length <= long.MaxValue
            ? (long)length
            : throw cursor.Refuse($"tensor {name} of at most 2^63 bytes", $"the dimensions {string.Join(" x ", sizes)}");
    }

    private static List<GgufTensor> Lay(GgufCursor cursor, List<Entry> entries, long alignment)
    {
        long dataOffset = Align(cursor.Position, alignment), next = 0;
        List<GgufTensor> tensors = [];
        foreach (Entry entry in entries.OrderBy(entry => entry.Offset))
        {
            if (entry.Offset != (ulong)next)
            {
                throw cursor.Refuse(
                    $"tensor {entry.Name} at offset {next} of the data, behind {(tensors.Count == 0 ? "nothing" : tensors[^1].Name)}",
                    $"it at offset {entry.Offset}");
            }
            if (entry.LengthBytes > cursor.LengthBytes - dataOffset - next)
            {
                throw new NeuralinkException(
                    $"open {cursor.Path}", $"the {entry.LengthBytes} bytes of tensor {entry.Name} at offset {dataOffset + next}",
                    $"the end of the file at {cursor.LengthBytes}", "the file is truncated; get it again");
            }
            tensors.Add(new GgufTensor(entry.Name, entry.Type, entry.Shape, dataOffset + next, entry.LengthBytes));
            next = Align(next + entry.LengthBytes, alignment);
        }
        return tensors;
    }

    // Every position is below the file's length plus an alignment, which is at most 2^31: no overflow.
    private static long Align(long position, long alignment) => (position + alignment - 1) & -alignment;

    private sealed record Entry(string Name, GgufType Type, ImmutableArray<long> Shape, ulong Offset, long LengthBytes);
}
