using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Neuralink.Storage;

/// <summary>One of our JSON formats: what its files say of themselves, and what a user is told when one is not as it must be.</summary>
/// <param name="Format">The value of "format".</param>
/// <param name="Version">The value of "format_version".</param>
/// <param name="Name">What it is, in words.</param>
/// <param name="NotThis">Advice where it is something else.</param>
/// <param name="OtherVersion">Advice where it is of an older version, or states none.</param>
/// <param name="Damaged">Advice where it is damaged.</param>
internal sealed record VersionedJsonKind(string Format, int Version, string Name, string NotThis, string OtherVersion, string Damaged);

/// <summary>
/// Reads a JSON file that states its format and version: these first, so that their errors come before those of any field.
/// </summary>
internal static class VersionedJson
{
    private const string NewerVersion = "it was written by a newer version of neuralink; use that one";

    // Generous: a manifest that lists 4096 layers takes less.
    private const long LengthBytesMax = 16 << 20;

    /// <exception cref="NeuralinkException">The file cannot be read, is of another format or version, or its fields are not as
    /// <paramref name="type"/> has them.</exception>
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

    /// <summary>The version that a file of that format states; null where it is none, or cannot be read.</summary>
    public static int? VersionOf(string path, VersionedJsonKind kind)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(ReadBytes(path, kind));
            JsonElement root = document.RootElement;
            return IsOf(root, kind) && root.TryGetProperty("format_version", out JsonElement version)
                && version.ValueKind == JsonValueKind.Number && version.TryGetInt32(out int number) ? number : null;
        }
        catch (Exception e) when (e is NeuralinkException or JsonException or InvalidOperationException)
        {
            return null;
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
        if (!IsOf(root, kind))
            throw new NeuralinkException($"open {path}", $"\"format\": \"{kind.Format}\"", "something else", kind.NotThis);
        bool hasVersion = root.TryGetProperty("format_version", out JsonElement version);
        double number = version.ValueKind == JsonValueKind.Number && version.TryGetDouble(out double value) ? value : 0;
        if (number != kind.Version)
        {
            throw new NeuralinkException(
                $"open {path}", $"format version {kind.Version}", hasVersion ? version.GetRawText() : "none",
                number > kind.Version ? NewerVersion : kind.OtherVersion);
        }
    }

    private static bool IsOf(JsonElement root, VersionedJsonKind kind) =>
        root.ValueKind == JsonValueKind.Object && root.TryGetProperty("format", out JsonElement format)
        && format.ValueKind == JsonValueKind.String && format.GetString() == kind.Format;
}
