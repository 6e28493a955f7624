using System.Text;
using System.Text.Json;
using Neuralink.Models.Json;
using Neuralink.Models.Tokenizers.Files;
using Neuralink.Models.Tokenizers.Gguf;
using Neuralink.Storage;
using Neuralink.Storage.Gguf;
using Neuralink.Storage.Json;

namespace Neuralink.Models.ChatTemplates;

/// <summary>
/// Where a model's folder, or an image, keeps its chat template: chat_template.jinja, or else chat_template.json, or else the key
/// "chat_template" of tokenizer_config.json, which is one template or a list of them with names. A GGUF file has it in its metadata.
/// </summary>
public static class ChatTemplateFiles
{
    public const string Jinja = "chat_template.jinja";
    public const string Json = "chat_template.json";

    private const string Key = "chat_template";
    private const string DefaultName = "default";
    private const long FileBytesMax = 64L << 20;

    /// <summary>The model's template, or null where it has none.</summary>
    /// <param name="path">A model's folder, a GGUF file or an image.</param>
    /// <exception cref="NeuralinkException">A file is malformed, or the template has what is not supported.</exception>
    public static ChatTemplate? Find(string path) => Read(path) is var (source, location)
        ? ChatTemplate.Parse(source, location, SpecialTokens(path))
        : null;

    /// <summary>The template that conversations with a model are written by.</summary>
    /// <param name="path">A model's folder, a GGUF file or an image.</param>
    /// <param name="file">A template's file, or null for the model's own, or <see cref="ChatTemplate.Plain"/> where it has none.</param>
    /// <exception cref="NeuralinkException">A file cannot be read, or the template has what is not supported.</exception>
    public static ChatTemplate Get(string path, string? file) =>
        file is null ? Find(path) ?? ChatTemplate.Plain : Read(file, path);

    /// <summary>The text of the model's template, or null where it has none.</summary>
    /// <param name="path">A model's folder, a GGUF file or an image.</param>
    /// <exception cref="NeuralinkException">A file is malformed.</exception>
    internal static string? TextOf(string path) => Read(path)?.Source;

    private static IReadOnlyDictionary<string, string> SpecialTokens(string path)
    {
        if (GgufOf(path) is not { } gguf)
            return TokenizerConfig.Read(path).SpecialTokens;
        using GgufFile file = GgufFile.Open(gguf);
        return new GgufVocabulary(file.Metadata).SpecialTokens;
    }

    private static string? GgufOf(string path) => GgufFile.IsGguf(path) ? GgufSet.FilesOf(path)[0]
        : File.Exists(Path.Combine(path, TokenizerFiles.Gguf)) ? Path.Combine(path, TokenizerFiles.Gguf)
        : null;

    /// <summary>A template from a file of its own, with the special tokens of a model.</summary>
    /// <param name="path">The template.</param>
    /// <param name="folder">The model's folder or image.</param>
    /// <exception cref="NeuralinkException">It cannot be read, or has what is not supported.</exception>
    public static ChatTemplate Read(string path, string folder) =>
        ChatTemplate.Parse(ReadText(path), path, TokenizerConfig.Read(folder).SpecialTokens);

    private static (string Source, string Location)? Read(string folder)
    {
        if (GgufOf(folder) is { } gguf)
        {
            using GgufFile file = GgufFile.Open(gguf);
            return file.Metadata.Text(GgufVocabulary.ChatTemplateKey) is { } template ? (template, gguf) : null;
        }
        string jinja = Path.Combine(folder, Jinja);
        if (File.Exists(jinja))
            return (ReadText(jinja), jinja);
        foreach (string path in (string[])[Path.Combine(folder, Json), Path.Combine(folder, TokenizerConfig.FileName)])
        {
            if (!File.Exists(path))
                continue;
            using JsonDocument? document = JsonFile.OpenUnlessEmpty(path, FileBytesMax);
            if (document is not null && Chosen(new JsonField(path, "", document.RootElement)[Key]) is { } source)
                return (source, path);
        }
        return null;
    }

    private static string ReadText(string path)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(FileBytes.Read(path, FileBytesMax)).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException)
        {
            throw new NeuralinkException($"read {path}", "text in UTF-8", "other bytes");
        }
    }

    private static string? Chosen(JsonField field)
    {
        if (field.IsNull)
            return null;
        if (field.Element.ValueKind != JsonValueKind.Array)
            return field.Text();
        (string Name, string Source)[] all = [.. field.Items().Select(item => (item["name"].Text(), item["template"].Text()))];
        return all.Length == 0 ? null
            : all.Any(t => t.Name == DefaultName) ? all.First(t => t.Name == DefaultName).Source
            : throw field.Refuse($"a template called \"{DefaultName}\"", string.Join(", ", all.Select(t => $"\"{t.Name}\"")));
    }
}
