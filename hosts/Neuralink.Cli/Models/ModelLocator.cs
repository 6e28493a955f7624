using Neuralink.Cli.Terminal;
using Neuralink.Models.Checkpoints;
using Neuralink.Storage;
using Neuralink.Storage.Image;

namespace Neuralink.Cli.Models;

/// <summary>The models that the command line names.</summary>
internal static class ModelLocator
{
    /// <summary>Packed models and device profiles are in the user's cache folder; notes and progress go to standard error.</summary>
    public static ModelStore Store(Surroundings surroundings) => new(StoreOptions(surroundings));

    public static ModelStoreOptions StoreOptions(Surroundings surroundings) => new()
    {
        CacheFolder = CacheFolder.Find(surroundings.Variable),
        MachineName = surroundings.MachineName,
        Note = surroundings.Note,
        ShowProgress = (title, work) => ProgressDisplay.Run(surroundings, title, work),
        Time = surroundings.Time,
    };

    /// <summary>The folder that <c>--model</c> names, checked as far as the command line can be wrong.</summary>
    /// <param name="folder">A flash image, a Hugging Face folder or a GGUF file; null is the bundled model.</param>
    /// <param name="reading">How to read an unpacked model.</param>
    /// <param name="surroundings">Where the bundled model and the cache are.</param>
    /// <exception cref="NeuralinkException">There is no bundled model, or no cache to pack into.</exception>
    /// <exception cref="UsageException">Something is stated of an image that has it.</exception>
    public static string FolderOf(string? folder, ModelReading reading, Surroundings surroundings)
    {
        folder ??= BundledModel.Find(surroundings);
        bool isImage = FlashImage.IsImage(folder);
        if (isImage)
            RefuseForImage(folder, reading);
        if (!isImage && Checkpoint.IsCheckpoint(folder))
            _ = CacheFolderOf(surroundings);
        return folder;
    }

    /// <summary>Refuses options that say how an unpacked model is read.</summary>
    /// <exception cref="UsageException">One is given.</exception>
    public static void RefuseForImage(string image, ModelReading reading)
    {
        if (reading.Weights is not null)
        {
            throw new UsageException(
                $"--weights: expected an unpacked model, found the flash image {image}, whose weights are packed already");
        }
        if (reading.Activation is not null)
        {
            throw new UsageException(
                $"--activation: expected an unpacked model, found the flash image {image}, which records its activation; pack again");
        }
    }

    /// <summary>The image of a model, packed if need be.</summary>
    /// <inheritdoc cref="FolderOf"/>
    public static LocatedModel Locate(string? folder, ModelReading reading, Surroundings surroundings, CancellationToken cancellation) =>
        Store(surroundings).Locate(FolderOf(folder, reading, surroundings), reading, cancellation);

    /// <summary>The user's cache folder.</summary>
    /// <exception cref="NeuralinkException">The user has no home.</exception>
    public static string CacheFolderOf(Surroundings surroundings) => CacheFolder.Find(surroundings.Variable) ?? throw NoHome(surroundings);

    private static NeuralinkException NoHome(Surroundings surroundings) => new(
        "find the cache folder", "the full path of a home folder in HOME",
        surroundings.Variable("HOME") is { Length: > 0 } home ? $"'{home}'" : "none",
        "set HOME or XDG_CACHE_HOME, or pack the model with 'neuralink pack' and give the image with --model");
}
