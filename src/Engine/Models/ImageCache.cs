using Neuralink.Models.Checkpoints;
using Neuralink.Models.Packing;
using Neuralink.Storage;
using Neuralink.Storage.Image;

namespace Neuralink;

/// <summary>Images of unpacked models, packed when they are first used and found again by their <see cref="ImageKey"/>.</summary>
/// <param name="folder">Where they are kept.</param>
/// <param name="options">Who is told.</param>
internal sealed class ImageCache(string folder, ModelStoreOptions options)
{
    /// <summary>The image of a checkpoint.</summary>
    /// <param name="model">Its folder or file.</param>
    /// <param name="reading">How to read it.</param>
    /// <param name="cancellation">Ends the packing; nothing of it stays.</param>
    /// <exception cref="NeuralinkException">The checkpoint is not usable, or the cache folder cannot be written.</exception>
    public string Get(string model, ModelReading reading, CancellationToken cancellation)
    {
        Leftovers.Remove(folder, options.Time);
        List<string> notes = [];
        string image = Path.Combine(folder, $"{ModelStore.NameOf(model)}-{KeyOf(model, reading, notes)}.nlk");
        if (TryOpen(image) is { } damage)
        {
            notes.ForEach(options.Note);
            bool isThere = Directory.Exists(image);
            Pack(model, image, reading, isThere ? damage : null, cancellation);
        }
        return image;
    }

    /// <summary>Packs again an image that turned out to be damaged when it was loaded.</summary>
    public void Repair(
        string model, string image, ModelReading reading, NeuralinkException damage, CancellationToken cancellation) =>
        Pack(model, image, reading, damage, cancellation);

    /// <summary>Why the files of an image that are loaded whole are not what they were when packed, or null.</summary>
    public static NeuralinkException? FindDamage(string image)
    {
        try
        {
            FlashImage opened = FlashImage.Open(image);
            foreach (string file in opened.Manifest.Files.Keys.Where(f => f != ImageFiles.Neurons))
                ImageVerifier.VerifyFile(opened, file);
            return null;
        }
        catch (NeuralinkException error)
        {
            return error;
        }
    }

    // The header of every file is read and checked here, so that a checkpoint which cannot be packed is refused before anything is written.
    private static string KeyOf(string model, ModelReading reading, List<string> notes)
    {
        using Checkpoint source = Checkpoint.Open(model, notes.Add, reading.Activation);
        source.RequireTokenizer();
        return ImageKey.Of(CheckpointFiles.Of(model), reading.Key(((FormatChoice)reading.Weights).For(source)));
    }

    /// <summary>
    /// Images of models of that name that only an older version reads, in any weight format. They are left to whoever uses that version.
    /// </summary>
    private static IEnumerable<string> Outdated(string cache, string name) => Directory.Exists(cache)
        ? Directory.EnumerateDirectories(cache, $"{name}-{new string('?', ImageKey.Length)}.nlk").Where(FlashImage.IsOutdated)
            .Order(StringComparer.Ordinal)
        : [];

    private static NeuralinkException? TryOpen(string image)
    {
        try
        {
            FlashImage.Open(image);
            return null;
        }
        catch (NeuralinkException error)
        {
            return error;
        }
    }

    private void Pack(string model, string image, ModelReading reading, NeuralinkException? damage, CancellationToken cancellation)
    {
        using Checkpoint source = Checkpoint.Open(model, note: null, reading.Activation);
        PackOptions packing = new(reading.Weights, Replace: damage is not null);
        ModelPacker.CheckTokenizer(source);
        string name = ModelStore.NameOf(model);
        options.Note(damage is null
            ? $"packing {name} for reading from flash, this once, into {image}"
            : $"the packed image is damaged ({damage.Message}); packing {name} again");
        foreach (string old in Outdated(Path.GetDirectoryName(image)!, name))
            options.Note($"{old} is of an older format, which this version of neuralink does not read; it may be deleted");
        try
        {
            options.ShowProgress(
                "packing", share => ModelPacker.Pack(source, image, packing, new PackedShare(share), cancellation));
        }
        catch (NeuralinkException) when (TryOpen(image) is null)
        {
            // Another process has packed the same model meanwhile, and its image is as good.
        }
        catch (NeuralinkException error) when (error.Operation.StartsWith($"write {image}", StringComparison.Ordinal))
        {
            const string Elsewhere = "pack the model elsewhere with 'neuralink pack' and give the image with --model";
            throw new NeuralinkException(
                error.Operation, error.Expected, error.Found, error.Advice is { } advice ? $"{advice}, or {Elsewhere}" : Elsewhere, error);
        }
    }
}
