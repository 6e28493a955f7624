using System.Text.Json;
using System.Text.Unicode;
using Neuralink.Storage;

namespace Neuralink.Models.Configuration;

/// <summary>Opens a small JSON file with errors that say what is wrong with it.</summary>
internal static class JsonFile
{
    public static JsonDocument Open(string path)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            bool missing = e is FileNotFoundException or DirectoryNotFoundException;
            throw new NeuralinkException($"read {path}", "a readable file", missing ? "no such file" : e.Message, "give the folder of a Hugging Face model", e);
        }
        if (!Utf8.IsValid(bytes))
            throw new NeuralinkException($"read {path}", "a JSON object in UTF-8", "other bytes", "download the file again");
        try
        {
            JsonDocument document = JsonDocument.Parse(bytes, new JsonDocumentOptions { AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return document;
            document.Dispose();
        }
        catch (JsonException e)
        {
            throw new NeuralinkException($"read {path}", "a JSON object", $"bad JSON at line {e.LineNumber + 1}, byte {e.BytePositionInLine}", "download the file again", e);
        }
        throw new NeuralinkException($"read {path}", "a JSON object", "another JSON value");
    }
}
