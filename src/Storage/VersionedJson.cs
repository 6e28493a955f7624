using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Neuralink.Storage;

/// <summary>One of our JSON formats: what its files say of themselves, and what a user is told when one is not as it must be.</summary>
/// <param name="Format">The value of "format".</param>
/// <param name="Version">The value of "format_version".</param>
/// <param name="Name">What it is, in words.</param>
/// <param name="NotThis">Advice where it is something else.</param>
/// <param name="OtherVersion">Advice where it is of another version.</param>
/// <param name="Damaged">Advice where it is damaged.</param>
internal sealed record VersionedJsonKind(string Format, int Version, string Name, string NotThis, string OtherVersion, string Damaged);

/// <summary>Reads a JSON file that states its format and version: these first, so that their errors come before those of any field.</summary>
internal static class VersionedJson
{
    // Generous: a manifest that lists 4096 layers takes less.
    private const long LengthBytesMax = 16 << 20;

    /// <exception cref="NeuralinkException">The file cannot be read, is of another format or version, or its fields are not as <paramref name="type"/> has them.</exception>
    public static T Read<T>(string path, JsonTypeInfo<T> type, VersionedJsonKind kind)
        where T : class
    {
        byte[] bytes = ReadBytes(path, kind);
        try
        {
            CheckVersion(path, bytes, kind);
            return JsonSerializer.Deserialize(bytes, type) ?? throw new NeuralinkException($"open {path}", "a JSON object", "null");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException is how the JSON reader says that a text is not UTF-8.
            throw new NeuralinkException($"open {path}", kind.Name, e.Message, kind.Damaged, e);
        }
    }

    private static byte[] ReadBytes(string path, VersionedJsonKind kind)
    {
        try
        {
            FileInfo file = new(path);
            return !file.Exists || file.Length <= LengthBytesMax
                ? File.ReadAllBytes(path)
                : throw new NeuralinkException($"open {path}", kind.Name, $"a file of {ByteSize.Format(file.Length)}", kind.NotThis);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NeuralinkException(
                $"open {path}", kind.Name, e is FileNotFoundException or DirectoryNotFoundException ? "no such file" : e.Message, null, e);
        }
    }

    private static void CheckVersion(string path, byte[] bytes, VersionedJsonKind kind)
    {
        using JsonDocument document = JsonDocument.Parse(bytes, new JsonDocumentOptions { AllowDuplicateProperties = false });
        JsonElement root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object
            || !root.TryGetProperty("format", out JsonElement format) || format.ValueKind != JsonValueKind.String || format.GetString() != kind.Format)
        {
            throw new NeuralinkException($"open {path}", $"\"format\": \"{kind.Format}\"", "something else", kind.NotThis);
        }
        bool hasVersion = root.TryGetProperty("format_version", out JsonElement version);
        if (!hasVersion || version.ValueKind != JsonValueKind.Number || !version.TryGetInt32(out int number) || number != kind.Version)
            throw new NeuralinkException($"open {path}", $"format version {kind.Version}", hasVersion ? version.GetRawText() : "none", kind.OtherVersion);
    }
}
