using Neuralink.Models.Configuration;
using Neuralink.Storage.Gguf;

namespace Neuralink.Models.Checkpoints;

/// <summary>
/// The files that decide what a checkpoint is: two that agree in all of them are the same model. So they belong into the key of whatever
/// is kept of a model.
/// </summary>
/// <param name="Settings">Small ones that may be read, there or not: that one is not there counts too.</param>
/// <param name="Weights">Those with weights.</param>
public sealed record CheckpointFiles(IReadOnlyList<string> Settings, IReadOnlyList<string> Weights)
{
    /// <summary>The files of the checkpoint at <paramref name="path"/>, which need not be usable.</summary>
    /// <exception cref="IOException">The folder cannot be listed.</exception>
    public static CheckpointFiles Of(string path)
    {
        if (GgufFile.IsGguf(path))
            return new CheckpointFiles([], GgufSet.FilesOf(path));
        IEnumerable<FileInfo> weights = ((string[])["*.safetensors", "pytorch_model*.bin"])
            .SelectMany(new DirectoryInfo(path).EnumerateFiles).Where(file => file.Exists);
        return new CheckpointFiles(
            [.. HuggingFaceFiles.Settings.Select(name => Path.Combine(path, name))],
            [.. weights.Select(file => file.FullName).Order(StringComparer.Ordinal)]);
    }
}
