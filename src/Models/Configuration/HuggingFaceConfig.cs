using System.Text.Json;
using Neuralink.Models.Json;
using Neuralink.Storage;
using Neuralink.Storage.Json;

namespace Neuralink.Models.Configuration;

/// <summary>
/// Reads a Hugging Face config.json. What decides the result of a forward pass is either stated in the file, or a default that the
/// architecture's own published configuration class documents; the activation has no default: nothing runs with a guessed activation.
/// Every other key is known to make no difference, or refused (<see cref="ConfigKeyTable"/>).
/// </summary>
public static class HuggingFaceConfig
{
    /// <summary>Reads <paramref name="folder"/>/config.json, and the end tokens of generation_config.json where there is one.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="note">Takes, a line each, what was ignored and a user should know.</param>
    /// <exception cref="NeuralinkException">The file is missing, is no JSON, contradicts itself, or describes a model this
    /// engine does not run.</exception>
    public static ModelConfig Read(string folder, Action<string>? note = null)
    {
        string path = Path.Combine(folder, HuggingFaceFiles.Config);
        using JsonDocument document = JsonFile.Open(path, HuggingFaceFiles.SettingsBytesMax);
        JsonField root = new(path, "", document.RootElement);
        PublishedModelType type = PublishedModelType.Of(root);
        Quantization.Refuse(root);
        ModelConfig config = type.Read(root, type);
        ConfigKey.CheckAll(root, type.Keys, note);
        config.Validate(path);
        return config with { EndTokens = EndTokens.Read(root, folder, config.VocabularySize, note) };
    }
}
