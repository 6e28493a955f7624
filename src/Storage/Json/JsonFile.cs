using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Neuralink.Storage.Json;

/// <summary>
/// Reads the JSON files of a model folder, which other programs and people wrote: every one of them comes through here. A byte order mark
/// is skipped. What is not JSON is named by what it is instead, a fault in the JSON by its place, and a key that comes twice by its name.
/// </summary>
public static class JsonFile
{
    private const string Expected = "a JSON object in UTF-8";

    /// <summary>The file's object; the caller disposes of it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="lengthBytesMax">A longer file is refused before it is read.</param>
    /// <exception cref="NeuralinkException">The file is missing, unreadable, not JSON, not an object, or has a key twice.</exception>
    public static JsonDocument Open(string path, long lengthBytesMax) => Parse(path, ReadBytes(path, lengthBytesMax));

    /// <summary>The same for a file that a model can do without: null where it has no content but white space.</summary>
    /// <inheritdoc cref="Open"/>
    public static JsonDocument? OpenUnlessEmpty(string path, long lengthBytesMax)
    {
        byte[] bytes = ReadBytes(path, lengthBytesMax);
        return Content(bytes).Span.ContainsAnyExcept(" \t\r\n"u8) ? Parse(path, bytes) : null;
    }

    /// <summary>The same of bytes that were read.</summary>
    /// <param name="path">Where they are from, for errors.</param>
    /// <param name="bytes">All of the file.</param>
    /// <inheritdoc cref="Open"/>
    public static JsonDocument Parse(string path, byte[] bytes)
    {
        if (FileKind.Recognize(bytes.AsSpan(0, Math.Min(bytes.Length, FileKind.HeadBytes))) is { } kind)
            throw new NeuralinkException($"read {path}", Expected, kind.Name, kind.Advice);
        if (!Utf8.IsValid(bytes))
        {
            throw new NeuralinkException(
                $"read {path}", Expected, $"a byte at offset {InvalidOffset(bytes)} that is not UTF-8", "save it as UTF-8");
        }
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(Content(bytes), new JsonDocumentOptions { AllowDuplicateProperties = false });
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // InvalidOperationException is how the reader says that a name has half a surrogate pair.
            JsonFault fault = JsonFault.Find(Content(bytes).Span);
            throw new NeuralinkException($"read {path}{fault.At}", fault.Expected, fault.Found, fault.Advice, error);
        }
        if (Fault(document.RootElement) is not { } found)
            return document;
        document.Dispose();
        throw new NeuralinkException($"read {path}", Expected, found, "get the file again");
    }

    /// <summary>A text of a file as a message shows it: on one line, and cut to a length.</summary>
    public static string Shown(string text) => JsonFault.Shown(text);

    /// <summary>What is behind a byte order mark.</summary>
    public static ReadOnlyMemory<byte> Content(byte[] bytes) =>
        bytes.AsMemory(bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0);

    /// <summary>What the file holds instead of an object that describes something, or null.</summary>
    private static string? Fault(JsonElement root)
    {
        const int errorPropertiesMax = 5;
        if (root.ValueKind != JsonValueKind.Object)
            return $"a JSON {root.ValueKind.ToString().ToLowerInvariant()}";

        // Servers answer so, and download scripts save the answer: {"error": "Access to model X is restricted"}.
        if (root.GetPropertyCount() > errorPropertiesMax)
            return null;
        foreach (string name in (string[])["error", "message", "detail", "Message"])
        {
            if (root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String)
                return $"a server's error message, {JsonFault.Shown(value.GetRawText())}";
        }
        return null;
    }

    private static int InvalidOffset(ReadOnlySpan<byte> bytes)
    {
        int offset = 0;
        while (Rune.DecodeFromUtf8(bytes[offset..], out _, out int length) == System.Buffers.OperationStatus.Done)
            offset += length;
        return offset;
    }

    /// <summary>The file's bytes.</summary>
    /// <inheritdoc cref="Open"/>
    public static byte[] ReadBytes(string path, long lengthBytesMax)
    {
        try
        {
            FileInfo file = new(path);
            return !file.Exists || file.Length <= lengthBytesMax
                ? File.ReadAllBytes(path)
                : throw new NeuralinkException($"read {path}", $"at most {ByteSize.Format(lengthBytesMax)}", ByteSize.Format(file.Length));
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw MissingFile.Describe(path, error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            string found = Directory.Exists(path) ? "a folder" : error.Message;
            throw new NeuralinkException($"read {path}", "a readable file", found, inner: error);
        }
    }
}
