using Neuralink.Models.Checkpoints;
using Neuralink.Models.Configuration;
using Neuralink.Storage;
using Neuralink.Storage.Hub;
using Neuralink.Storage.Image;

namespace Neuralink;

/// <summary>The image that a model folder of either kind stands for.</summary>
/// <param name="Image">The flash image's folder.</param>
/// <param name="Source">The folder or GGUF file that it was packed from into the cache, or null for an image that was given.</param>
/// <param name="Reading">How it was read, as far as the caller said.</param>
/// <param name="Name">The model's name.</param>
public sealed record LocatedModel(string Image, string? Source, ModelReading Reading, string Name);

/// <summary>
/// Finds the image to run: the folder itself, or for an unpacked model its packed image in a cache folder, where it is packed when it is
/// first used.
/// </summary>
public sealed class ModelStore
{
    private const string Extension = ".nlk";

    private readonly ImageCache? _cache;

    /// <param name="options">Where images are kept, and who is told.</param>
    public ModelStore(ModelStoreOptions options)
    {
        Options = options;
        _cache = options.CacheFolder is { } folder ? new ImageCache(folder, options) : null;
    }

    /// <summary>Where images are kept, and who is told.</summary>
    public ModelStoreOptions Options { get; }

    /// <summary>
    /// Where a model is on this machine. One that is named as hf:ORG/NAME is fetched from the Hugging Face Hub unless it is in its cache;
    /// any other name is a path already.
    /// </summary>
    /// <exception cref="NeuralinkException">It cannot be fetched.</exception>
    public string Resolve(string model, ModelParts parts = ModelParts.All, CancellationToken cancellation = default)
    {
        if (!HubAddress.IsAddress(model))
            return model;
        HubAddress address = HubAddress.Parse(model);
        return Hub.Get(address, parts, cancellation);
    }

    /// <summary>The models of the Hub.</summary>
    /// <exception cref="NeuralinkException">There is no folder to keep them in.</exception>
    public ModelHub Hub => new(
        Options.Hub ?? throw new NeuralinkException(
            "get a model from the Hugging Face Hub", "a cache folder for what it sends", "none", "set HOME or HF_HOME"),
        Options);

    /// <summary>The image of a model, packed if need be.</summary>
    /// <param name="model">A flash image, a checkpoint, or hf:ORG/NAME.</param>
    /// <param name="reading">How to read an unpacked model; nothing may be stated for an image.</param>
    /// <param name="cancellation">Ends the packing; nothing of it stays.</param>
    /// <exception cref="NeuralinkException">It is neither, it cannot be packed, or there is no cache folder to pack it into.</exception>
    public LocatedModel Locate(string model, ModelReading? reading = null, CancellationToken cancellation = default)
    {
        string folder = Resolve(model, cancellation: cancellation);
        string name = NameOf(folder);
        reading ??= ModelReading.AsPublished;
        if (FlashImage.IsImage(folder))
        {
            reading.RefuseForImage(folder);
            return new LocatedModel(folder, Source: null, reading, name);
        }
        if (!Checkpoint.IsCheckpoint(folder))
            throw NoModel(folder);
        ImageCache cache = _cache ?? throw new NeuralinkException(
            $"pack {folder}", "a cache folder for packed models", "none",
            "name one, or pack the model with 'neuralink pack' and give the image");
        return new LocatedModel(cache.Get(folder, reading, cancellation), folder, reading, name);
    }

    /// <summary>The image of a model, for those who read all of it. One in the cache is packed again if it is damaged.</summary>
    /// <exception cref="NeuralinkException">A given image is damaged, or packing fails.</exception>
    public FlashImage Open(LocatedModel model, CancellationToken cancellation = default)
    {
        if (model.Source is not null && ImageCache.FindDamage(model.Image) is { } damage)
            Repair(model, damage, cancellation);
        return FlashImage.Open(model.Image);
    }

    /// <summary>
    /// What <paramref name="open"/> makes of a model's image. When it fails because an image in the cache is damaged, that is packed again,
    /// once.
    /// </summary>
    internal async Task<T> OpenAsync<T>(LocatedModel model, Func<FlashImage, Task<T>> open, CancellationToken cancellation)
    {
        try
        {
            return await open(FlashImage.Open(model.Image)).ConfigureAwait(false);
        }
        catch (NeuralinkException) when (model.Source is not null && ImageCache.FindDamage(model.Image) is not null)
        {
            Repair(model, ImageCache.FindDamage(model.Image)!, cancellation);
            return await open(FlashImage.Open(model.Image)).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// What a model is called: by its folder, of which an image's ends in .nlk by custom, or by its GGUF file; any other dot belongs to the
    /// name (opt-1.3b). One in the cache of the Hub has the name that it has there.
    /// </summary>
    public static string NameOf(string folder)
    {
        if (HubRepository.NameOf(folder) is { } published)
            return published;
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        bool hasExtension = name.EndsWith(Extension, StringComparison.OrdinalIgnoreCase) && FlashImage.IsImage(folder);
        hasExtension |= name.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) && File.Exists(folder);
        return (hasExtension ? Path.GetFileNameWithoutExtension(name) : name) is { Length: > 0 } rest ? rest : "model";
    }

    private void Repair(LocatedModel model, NeuralinkException damage, CancellationToken cancellation) =>
        _cache!.Repair(model.Source!, model.Image, model.Reading, damage, cancellation);

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
            $"open the model {folder}", "a flash image (neuralink.json), a Hugging Face folder (config.json) or a GGUF file", found,
            advice);
    }
}

/// <summary>Where a host keeps packed models and device profiles, and how it is told what happens.</summary>
public sealed record ModelStoreOptions
{
    /// <summary>
    /// Has packed models and device profiles; null refuses what is not packed. <see cref="Neuralink.CacheFolder"/> says where.
    /// </summary>
    public string? CacheFolder { get; init; }

    /// <summary>How the Hugging Face Hub is reached; null reaches none. <see cref="HubOptions.Find"/> says how.</summary>
    public HubOptions? Hub { get; init; }

    /// <summary>The machine's name: a device profile is of one machine.</summary>
    public string MachineName { get; init; } = Environment.MachineName;

    /// <summary>Told, in a line each, what was decided for the caller and what was left out.</summary>
    public Action<string> Note { get; init; } = static _ => { };

    /// <summary>Runs long work, of which it is given the title, and is told the share that is done, 0 to 1.</summary>
    public Action<string, Action<IProgress<double>>> ShowProgress { get; init; } = static (_, work) => work(new Progress<double>());

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
