using System.Text.Json;
using Neuralink.Models.Json;
using Neuralink.Storage.Json;

namespace Neuralink.Models.Configuration;

/// <summary>The tokens that end a text: those of config.json and those of generation_config.json.</summary>
internal static class EndTokens
{
    // The default of every published configuration class: "</s>" of Llama's, Mistral's and OPT's tokenizers.
    private const int Default = 2;

    /// <summary>Each once, those of config.json first.</summary>
    /// <param name="config">The root of config.json.</param>
    /// <param name="folder">The model's folder.</param>
    /// <param name="vocabularySize">Rows of the embedding.</param>
    /// <param name="note">Takes what the user should know.</param>
    /// <exception cref="Neuralink.Storage.NeuralinkException">A token is beyond the vocabulary; its file is named.</exception>
    public static int[] Read(JsonField config, string folder, int vocabularySize, Action<string>? note)
    {
        int[] stated = [.. Stated(config, vocabularySize).Union(OfGenerationConfig(folder, vocabularySize, note))];
        return stated.Length > 0 || !config["eos_token_id"].IsAbsent || Default >= vocabularySize ? stated : [Default];
    }

    private static int[] OfGenerationConfig(string folder, int vocabularySize, Action<string>? note)
    {
        string path = Path.Combine(folder, HuggingFaceFiles.GenerationConfig);
        if (!File.Exists(path))
            return [];
        using JsonDocument? document = JsonFile.OpenUnlessEmpty(path, HuggingFaceFiles.SettingsBytesMax);
        if (document is null)
        {
            // What a failed download leaves.
            note?.Invoke($"{path} is empty and was ignored; the end tokens are those of {HuggingFaceFiles.Config}");
            return [];
        }
        JsonField root = new(path, "", document.RootElement);
        ConfigKey.CheckAll(root, ConfigKeyTable.GenerationConfig, note);
        return Stated(root, vocabularySize);
    }

    /// <summary>An id, a list of ids, or nothing.</summary>
    private static int[] Stated(JsonField file, int vocabularySize)
    {
        JsonField field = file["eos_token_id"];
        IEnumerable<JsonField> items = field.IsNull ? [] : field.Element.ValueKind == JsonValueKind.Array ? field.Items() : [field];
        return [.. items.Select(item => item.Integer() is var id && id >= 0 && id < vocabularySize
            ? id
            : throw item.Refuse($"end tokens below vocab_size {vocabularySize}", $"{id}", "the file is of another model"))];
    }
}
