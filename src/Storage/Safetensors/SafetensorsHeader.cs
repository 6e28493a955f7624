using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;

namespace Neuralink.Storage.Safetensors;

/// <summary>
/// Reads the JSON header of a safetensors file, which is untrusted text:
/// <c>{"__metadata__": {text: text}, name: {"dtype": text, "shape": [n, ...], "data_offsets": [begin, end]}, ...}</c>. Every fact is
/// checked here or in <see cref="SafetensorsLayout"/> before anyone uses it. Format: github.com/huggingface/safetensors, "Format".
/// </summary>
internal static class SafetensorsHeader
{
    /// <summary>The name under which a header keeps its metadata; no tensor may have it.</summary>
    public const string MetadataName = "__metadata__";

    /// <summary>The longest header that the reference implementation accepts.</summary>
    public const long LengthBytesMax = 100_000_000;

    /// <summary>The tensors in the order of their data, and the metadata.</summary>
    /// <param name="json">The header's bytes.</param>
    /// <param name="dataOffset">Where the data begin in the file.</param>
    /// <param name="dataBytes">How many bytes of data the file has.</param>
    /// <exception cref="InvalidSafetensorsException">Something in it is wrong.</exception>
    public static (IReadOnlyList<TensorInfo> Tensors, FrozenDictionary<string, string> Metadata) Parse(
        ReadOnlySpan<byte> json, long dataOffset, long dataBytes)
    {
        try
        {
            if (json.IsEmpty || json[0] != (byte)'{')
                throw new InvalidSafetensorsException("a header that is a JSON object", "a header that does not begin with '{'");
            Utf8JsonReader reader = new(json);
            (List<(TensorInfo Tensor, long Begin, long End)> entries, Dictionary<string, string> metadata) = ReadHeader(ref reader);
            return (SafetensorsLayout.Validate(entries, dataOffset, dataBytes), metadata.ToFrozenDictionary(StringComparer.Ordinal));
        }
        catch (JsonException error)
        {
            throw new InvalidSafetensorsException("a header that is a JSON object", error.Message, error);
        }
    }

    private static (List<(TensorInfo Tensor, long Begin, long End)> Entries, Dictionary<string, string> Metadata) ReadHeader(
        ref Utf8JsonReader reader)
    {
        List<(TensorInfo Tensor, long Begin, long End)> entries = [];
        Dictionary<string, string> metadata = new(StringComparer.Ordinal);
        HashSet<string> names = new(StringComparer.Ordinal);
        Expect(ref reader, JsonTokenType.StartObject, "the header");
        while (NextName(ref reader, out string name))
        {
            if (!names.Add(name))
                throw new InvalidSafetensorsException("distinct names", $"tensor '{name}' twice");
            if (string.Equals(name, MetadataName, StringComparison.Ordinal))
                ReadMetadata(ref reader, metadata);
            else
                entries.Add(ReadTensor(ref reader, name));
        }

        // The padding behind the object is white space; anything else makes the reader throw.
        while (reader.Read())
        {
        }

        return (entries, metadata);
    }

    private static void ReadMetadata(ref Utf8JsonReader reader, Dictionary<string, string> metadata)
    {
        // The reference implementation writes null for none.
        if (reader.Read() && reader.TokenType == JsonTokenType.Null)
            return;
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new InvalidSafetensorsException($"{MetadataName} as a JSON {JsonTokenType.StartObject}", $"a {reader.TokenType}");
        while (NextName(ref reader, out string key))
        {
            Expect(ref reader, JsonTokenType.String, $"metadata '{key}'");
            if (!metadata.TryAdd(key, Text(ref reader)))
                throw new InvalidSafetensorsException("distinct names", $"metadata '{key}' twice");
        }
    }

    private static (TensorInfo Tensor, long Begin, long End) ReadTensor(ref Utf8JsonReader reader, string name)
    {
        string what = $"tensor '{name}'";
        string? dtypeName = null;
        ImmutableArray<long>? shape = null, offsets = null;
        Expect(ref reader, JsonTokenType.StartObject, what);
        while (NextName(ref reader, out string key))
        {
            bool isRepeated = key switch
            {
                "dtype" => dtypeName is not null,
                "shape" => shape is not null,
                "data_offsets" => offsets is not null,
                _ => false,
            };
            if (isRepeated)
                throw new InvalidSafetensorsException($"one {key} of {what}", "two");
            switch (key)
            {
                case "dtype":
                    Expect(ref reader, JsonTokenType.String, $"the dtype of {what}");
                    dtypeName = Text(ref reader);
                    break;
                case "shape":
                    shape = ReadNumbers(ref reader, $"the shape of {what}");
                    break;
                case "data_offsets":
                    offsets = ReadNumbers(ref reader, $"the data_offsets of {what}");
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        if (dtypeName is null || shape is null || offsets is null)
            throw new InvalidSafetensorsException($"dtype, shape and data_offsets of {what}", "not all of them");
        if (offsets.Value.Length != 2)
            throw new InvalidSafetensorsException($"data_offsets of {what} as [begin, end]", $"{offsets.Value.Length} numbers");
        TensorInfo tensor = SafetensorsDtypes.TryParse(dtypeName, out SafetensorsDtype dtype)
            ? new TensorInfo(name, dtype, shape.Value, FileOffset: 0, LengthBytes: 0)
            : new TensorInfo(name, SafetensorsDtype.Unknown, shape.Value, FileOffset: 0, LengthBytes: 0) { DtypeName = dtypeName };
        return (tensor, offsets.Value[0], offsets.Value[1]);
    }

    private static ImmutableArray<long> ReadNumbers(ref Utf8JsonReader reader, string what)
    {
        Expect(ref reader, JsonTokenType.StartArray, what);
        ImmutableArray<long>.Builder numbers = ImmutableArray.CreateBuilder<long>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long number) || number < 0)
            {
                throw new InvalidSafetensorsException(
                    $"{what} in whole numbers from 0 to 2^63 - 1",
                    reader.TokenType == JsonTokenType.Number ? Raw(ref reader) : $"a {reader.TokenType}");
            }
            numbers.Add(number);
        }

        return numbers.ToImmutable();
    }

    private static bool NextName(ref Utf8JsonReader reader, out string name)
    {
        _ = reader.Read();
        bool isName = reader.TokenType == JsonTokenType.PropertyName;
        name = isName ? Text(ref reader) : string.Empty;
        return isName;
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type, string what)
    {
        if (!reader.Read() || reader.TokenType != type)
            throw new InvalidSafetensorsException($"{what} as a JSON {type}", $"a {reader.TokenType}");
    }

    private static string Raw(ref Utf8JsonReader reader) => System.Text.Encoding.UTF8.GetString(reader.ValueSpan);

    private static string Text(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException error)
        {
            // The reader accepts any bytes inside quotes and finds out here that they are not UTF-8.
            throw new InvalidSafetensorsException("a header in UTF-8", error.Message, error);
        }
    }
}
