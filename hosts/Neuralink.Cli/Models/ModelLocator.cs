using Neuralink.Cli.Terminal;
using Neuralink.Models.Checkpoints;
using Neuralink.Storage;
using Neuralink.Storage.Hub;
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
        Hub = HubOptions.Find(surroundings.Variable) is { } hub ? hub with { Time = surroundings.Time } : null,
        Note = surroundings.Note,
        ShowProgress = (title, work) => ProgressDisplay.Run(surroundings, title, work),
        Time = surroundings.Time,
    };

    /// <summary>The folder that <c>--model</c> names, checked as far as the command line can be wrong.</summary>
    /// <param name="model">A flash image, a checkpoint, or hf:ORG/NAME, which is fetched; null is the bundled model.</param>
    /// <param name="reading">How to read an unpacked model.</param>
    /// <param name="surroundings">Where the bundled model and the cache are.</param>
    /// <param name="cancellation">Ends the fetching.</param>
    /// <exception cref="NeuralinkException">There is no bundled model, or no cache to pack into.</exception>
    /// <exception cref="UsageException">Something is stated of an image that has it.</exception>
    public static string FolderOf(string? model, ModelReading reading, Surroundings surroundings, CancellationToken cancellation)
    {
        string folder = Resolve(model, surroundings, cancellation);
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
    public static LocatedModel Locate(string? model, ModelReading reading, Surroundings surroundings, CancellationToken cancellation) =>
        Store(surroundings).Locate(FolderOf(model, reading, surroundings, cancellation), reading, cancellation);

    /// <summary>The path of a model; one of the Hub is fetched unless it is there.</summary>
    public static string Resolve(
        string? model, Surroundings surroundings, CancellationToken cancellation, ModelParts parts = ModelParts.All) =>
        Store(surroundings).Resolve(model ?? BundledModel.Find(surroundings), parts, cancellation);

    /// <summary>The user's cache folder.</summary>
    /// <exception cref="NeuralinkException">The user has no home.</exception>
    public static string CacheFolderOf(Surroundings surroundings) => CacheFolder.Find(surroundings.Variable) ?? throw NoHome(surroundings);

    private static NeuralinkException NoHome(Surroundings surroundings) => new(
        "find the cache folder", "the full path of a home folder in HOME",
        surroundings.Variable("HOME") is { Length: > 0 } home ? $"'{home}'" : "none",
        "set HOME or XDG_CACHE_HOME, or pack the model with 'neuralink pack' and give the image with --model");
}
