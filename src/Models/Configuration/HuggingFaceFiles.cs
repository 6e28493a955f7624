using Neuralink.Models.Tokenizers.Files;
using Neuralink.Storage.Weights;

namespace Neuralink.Models.Configuration;

/// <summary>The files of a Hugging Face folder that decide what a model does, apart from its weights.</summary>
public static class HuggingFaceFiles
{
    public const string Config = "config.json";

    public const string GenerationConfig = "generation_config.json";

    // Published files have some kilobytes; those with thousands of labels a few hundred.
    internal const int SettingsBytesMax = 16 << 20;

    /// <summary>
    /// Every one that may be read, there or not: two folders that agree in all of them and in their weights are the same model, so these
    /// belong into the key of whatever is kept of a model.
    /// </summary>
    public static IReadOnlyList<string> Settings { get; } =
    [
        Config, GenerationConfig, WeightForm.Safetensors.Index, WeightForm.Torch.Index, .. TokenizerFiles.All,
    ];
}
