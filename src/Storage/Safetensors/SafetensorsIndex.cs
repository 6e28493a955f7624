using System.Text.Json;

namespace Neuralink.Storage.Safetensors;

/// <summary>Reads model.safetensors.index.json: <c>{"metadata": {...}, "weight_map": {tensor name: file name, ...}}</c>.</summary>
internal static class SafetensorsIndex
{
    // An index names each tensor once, as a header does, so the header's limit serves.
    private const long LengthBytesMax = SafetensorsHeader.LengthBytesMax;

    /// <summary>File name by tensor name. Every file name is plain, so it cannot lead out of the folder.</summary>
    /// <exception cref="NeuralinkException">The index cannot be read or is not of that form.</exception>
    public static IReadOnlyDictionary<string, string> Read(string path)
    {
        try
        {
            long lengthBytes = new FileInfo(path).Length;
            if (lengthBytes > LengthBytesMax)
                throw new NeuralinkException($"open {path}", $"at most {LengthBytesMax} bytes", $"{lengthBytes}");
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { AllowDuplicateProperties = false });
            return ReadMap(path, document.RootElement);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new NeuralinkException($"open {path}", expected: null, error.Message, inner: error);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // InvalidOperationException is how the JSON reader says that a text is not UTF-8.
            throw new NeuralinkException($"open {path}", "JSON", error.Message, "the file is damaged; get it again", error);
        }
    }

    private static Dictionary<string, string> ReadMap(string path, JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("weight_map", out JsonElement map) || map.ValueKind != JsonValueKind.Object)
            throw new NeuralinkException($"open {path}", "an object with a weight_map", "none");
        Dictionary<string, string> shardByTensor = new(StringComparer.Ordinal);
        foreach (JsonProperty entry in map.EnumerateObject())
        {
            string? shard = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString() : null;
            if (shard is null || !IsPlainName(shard))
                throw new NeuralinkException($"open {path}", $"the plain name of a .safetensors file for tensor '{entry.Name}'", entry.Value.GetRawText());
            shardByTensor.Add(entry.Name, shard);
        }

        return shardByTensor.Count > 0 ? shardByTensor : throw new NeuralinkException($"open {path}", "a weight_map with tensors", "an empty one");
    }

    private static bool IsPlainName(string name) =>
        name.EndsWith(".safetensors", StringComparison.Ordinal) && name.IndexOfAny(['/', '\\', ':', '\0']) < 0 && name[0] != '.';
}
