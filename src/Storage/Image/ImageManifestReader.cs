using System.Text.Json;

namespace Neuralink.Storage.Image;

/// <summary>Reads and checks neuralink.json: first that it is an image of this version, then every field.</summary>
internal static class ImageManifestReader
{
    public static ImageManifest Read(string folder)
    {
        string path = Path.Combine(folder, ImageManifest.FileName);
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NeuralinkException($"open {path}", "a flash image's manifest", e is FileNotFoundException or DirectoryNotFoundException ? "no such file" : e.Message, null, e);
        }
        try
        {
            CheckVersion(path, bytes);
            ImageManifest manifest = JsonSerializer.Deserialize(bytes, ImageManifestJson.Default.ImageManifest)
                ?? throw new NeuralinkException($"open {path}", "a JSON object", "null");
            Check(path, manifest);
            return manifest;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException is how the JSON reader says that a text is not UTF-8.
            throw new NeuralinkException($"open {path}", "a flash image's manifest", e.Message, "the image is damaged; pack the model again", e);
        }
    }

    private static void CheckVersion(string path, byte[] bytes)
    {
        using JsonDocument document = JsonDocument.Parse(bytes, new JsonDocumentOptions { AllowDuplicateProperties = false });
        JsonElement root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object
            || !root.TryGetProperty("format", out JsonElement format) || format.ValueKind != JsonValueKind.String || format.GetString() != ImageManifest.FormatName)
        {
            throw new NeuralinkException($"open {path}", $"\"format\": \"{ImageManifest.FormatName}\"", "something else", "this folder is no flash image");
        }
        bool hasVersion = root.TryGetProperty("format_version", out JsonElement version);
        if (!hasVersion || version.ValueKind != JsonValueKind.Number || !version.TryGetInt32(out int number) || number != ImageManifest.CurrentVersion)
        {
            string found = hasVersion ? version.GetRawText() : "none";
            throw new NeuralinkException($"open {path}", $"format version {ImageManifest.CurrentVersion}", found, "pack the model again with this program");
        }
    }

    private static bool IsPlainName(string name) =>
        name.Length > 0 && name is not ("." or "..") && Path.GetFileName(name) == name && name.IndexOfAny(Path.GetInvalidFileNameChars()) < 0;

    private static void Check(string path, ImageManifest m)
    {
        Require(m.LayerCount is > 0 and <= 1 << 12, "layer_count in 1..4096", m.LayerCount);
        Require(m.SlotCount is > 0 and <= 1 << 22, "slot_count in 1..4194304", m.SlotCount);
        Require(m.Weights is "f32" or "f16" or "bf16", "weights f32, f16 or bf16", m.Weights);
        Require(m.Predictor == "exact", "predictor exact", m.Predictor);
        int stride = m.Bundle.StrideBytes;
        Require(stride is > 0 and <= 1 << 26 && stride % BundleCrc.StrideMultipleBytes == 0, "a bundle stride of a multiple of 512 up to 64 MiB", stride);
        Require(m.Bundle.PayloadBytes > 0 && m.Bundle.PayloadBytes <= stride - BundleCrc.SizeBytes, "a bundle payload that leaves 4 bytes of the stride", m.Bundle.PayloadBytes);
        foreach (string name in (string[])[ImageFiles.Resident, ImageFiles.Neurons, ImageFiles.Placement, ImageFiles.Predictor, ImageFiles.Tokenizer])
            Require(m.Files.ContainsKey(name), $"the file {name} listed", "it is not");
        foreach ((string name, FileManifest file) in m.Files)
        {
            Require(IsPlainName(name), "plain file names", name);
            Require(file is not null, $"length and SHA-256 of {name}", "null");      // annotations do not reach into dictionaries
            Require(file!.Bytes >= 0 && file.Sha256.Length == 64 && file.Sha256.All(char.IsAsciiHexDigitLower), $"length and SHA-256 of {name}", file);
        }

        void Require(bool holds, string expected, object found)
        {
            if (!holds)
                throw new NeuralinkException($"open {path}", expected, $"{found}", "the image is damaged; pack the model again");
        }
    }
}
