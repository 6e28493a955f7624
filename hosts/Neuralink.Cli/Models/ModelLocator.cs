using Neuralink.Cli.Terminal;
using Neuralink.Kernels;
using Neuralink.Models.Configuration;
using Neuralink.Storage;
using Neuralink.Storage.Image;

namespace Neuralink.Cli.Models;

/// <summary>The image that a model folder of either kind stands for.</summary>
/// <param name="Image">The flash image.</param>
/// <param name="Source">The Hugging Face folder it was packed from into the cache, or null for an image that was given.</param>
/// <param name="Name">The model's name.</param>
internal sealed record LocatedModel(string Image, string? Source, string Name);

/// <summary>Finds the image to run: the folder itself, or for an unpacked model its packed image in the cache.</summary>
internal static class ModelLocator
{
    /// <param name="folder">A flash image or a Hugging Face folder; null is the bundled model.</param>
    /// <param name="weights">The format to pack an unpacked model in.</param>
    /// <param name="surroundings">Where the cache is.</param>
    /// <param name="cancellation">Ends the packing.</param>
    /// <exception cref="NeuralinkException">It is neither.</exception>
    /// <exception cref="UsageException">A weight format for an image that has one.</exception>
    public static LocatedModel Locate(string? folder, WeightFormat? weights, Surroundings surroundings, CancellationToken cancellation)
    {
        folder ??= BundledModel.Find(surroundings);
        string name = NameOf(folder);
        if (FlashImage.IsImage(folder))
        {
            return weights is null
                ? new LocatedModel(folder, Source: null, name)
                : throw new UsageException($"--weights: expected an unpacked model, found the flash image {folder}, whose weights are packed already");
        }
        if (!File.Exists(Path.Combine(folder, HuggingFaceFiles.Config)))
            throw NoModel(folder);
        return new LocatedModel(new ImageCache(surroundings).Get(folder, weights, cancellation), folder, name);
    }

    /// <summary>
    /// What a model is called: by its folder, of which an image's ends in .nlk by custom; any other dot belongs to the name (opt-1.3b).
    /// </summary>
    public static string NameOf(string folder)
    {
        const string Extension = ".nlk";
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        bool hasExtension = name.EndsWith(Extension, StringComparison.OrdinalIgnoreCase) && FlashImage.IsImage(folder);
        return (hasExtension ? name[..^Extension.Length] : name) is { Length: > 0 } rest ? rest : "model";
    }

    private static NeuralinkException NoModel(string folder)
    {
        (string found, string? advice) = ("no such folder", null as string);
        if (File.Exists(folder))
        {
            FileKind? kind = FileKind.OfFile(folder);
            (found, advice) = kind is null ? ("a file", "give the folder that it is in") : ($"a file, which is {kind.Name}", kind.Advice);
        }
        else if (Directory.Exists(folder))
        {
            NeuralinkException missing = MissingFile.Describe(Path.Combine(folder, HuggingFaceFiles.Config));
            string instead = missing.Found.Replace(MissingFile.NoSuchFile, "", StringComparison.Ordinal);
            (found, advice) = ($"a folder with neither{instead}", missing.Advice);
        }
        return new NeuralinkException(
            $"open the model {folder}", "a flash image (neuralink.json) or a Hugging Face folder (config.json)", found, advice);
    }
}
