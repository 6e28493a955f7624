using System.Text.Json;
using Neuralink.Storage.Json;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Storage.Weights;

/// <summary>Reads the index of a set of shards: <c>{"metadata": {...}, "weight_map": {tensor name: file name, ...}}</c>.</summary>
internal static class ShardIndex
{
    // An index names each tensor once, as a header does, so the header's limit serves.
    private const long LengthBytesMax = SafetensorsHeader.LengthBytesMax;

    /// <summary>File name by tensor name. Every file name is plain, so it cannot lead out of the folder.</summary>
    /// <param name="path">The index.</param>
    /// <param name="extension">What the names of its shards end with.</param>
    /// <exception cref="NeuralinkException">The index cannot be read or is not of that form.</exception>
    public static IReadOnlyDictionary<string, string> Read(string path, string extension)
    {
        using JsonDocument document = JsonFile.Open(path, LengthBytesMax);
        try
        {
            return ReadMap(path, extension, document.RootElement);
        }
        catch (InvalidOperationException error)
        {
            // This is how the JSON reader says that a text is not valid Unicode.
            throw new NeuralinkException($"read {path}", "names that are valid Unicode", error.Message, "get the file again", error);
        }
    }

    private static Dictionary<string, string> ReadMap(string path, string extension, JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("weight_map", out JsonElement map)
            || map.ValueKind != JsonValueKind.Object)
        {
            throw new NeuralinkException($"open {path}", "an object with a weight_map", "none");
        }
        Dictionary<string, string> shardByTensor = new(StringComparer.Ordinal);
        foreach (JsonProperty entry in map.EnumerateObject())
        {
            string? shard = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString() : null;
            if (shard is null || !IsPlainName(shard, extension))
            {
                throw new NeuralinkException(
                    $"open {path}", $"the plain name of a {extension} file for tensor '{entry.Name}'", entry.Value.GetRawText());
            }
            shardByTensor.Add(entry.Name, shard);
        }

        return shardByTensor.Count > 0
            ? shardByTensor
            : throw new NeuralinkException($"open {path}", "a weight_map with tensors", "an empty one");
    }

    private static bool IsPlainName(string name, string extension) =>
        name.EndsWith(extension, StringComparison.Ordinal) && name.IndexOfAny(['/', '\\', ':', '\0']) < 0 && name[0] != '.';
}
