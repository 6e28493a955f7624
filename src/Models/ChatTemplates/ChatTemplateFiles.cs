using System.Text;
using System.Text.Json;
using Neuralink.Models.Json;
using Neuralink.Models.Tokenizers.Files;
using Neuralink.Storage;
using Neuralink.Storage.Json;

namespace Neuralink.Models.ChatTemplates;

/// <summary>
/// Where a model's folder, or an image, keeps its chat template: chat_template.jinja, or else chat_template.json, or else the key
/// "chat_template" of tokenizer_config.json, which is one template or a list of them with names.
/// </summary>
public static class ChatTemplateFiles
{
    public const string Jinja = "chat_template.jinja";
    public const string Json = "chat_template.json";

    private const string Key = "chat_template";
    private const string DefaultName = "default";
    private const long FileBytesMax = 64L << 20;

    /// <summary>The model's template, or null where it has none.</summary>
    /// <param name="folder">A model's folder or an image.</param>
    /// <exception cref="NeuralinkException">A file is malformed, or the template has what is not supported.</exception>
    public static ChatTemplate? Find(string folder) => Read(folder) is var (source, location)
        ? ChatTemplate.Parse(source, location, TokenizerConfig.Read(folder).SpecialTokens)
        : null;

    private static (string Source, string Location)? Read(string folder)
    {
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
