using Neuralink.Models.Configuration;
using Neuralink.Models.Tokenizers.Files;
using Neuralink.Storage;
using Neuralink.Storage.Gguf;
using Neuralink.Storage.Hub;
using Neuralink.Storage.Weights;

namespace Neuralink;

/// <summary>
/// Models of the Hugging Face Hub, in the cache folder that Hugging Face's own programs use too: what they have fetched is used from there,
/// and they find what is fetched here.
/// </summary>
/// <param name="hub">How the Hub is reached.</param>
/// <param name="options">Who is told.</param>
public sealed class ModelHub(HubOptions hub, ModelStoreOptions options)
{
    /// <summary>The model as the cache has it; only what is not there whole is fetched.</summary>
    /// <param name="address">The model.</param>
    /// <param name="parts">What of it is wanted.</param>
    /// <param name="cancellation">Ends it; what has come stays for the next time.</param>
    /// <returns>Its folder, or the file that the address names.</returns>
    /// <exception cref="NeuralinkException">It is not there, and cannot be fetched.</exception>
    public string Get(HubAddress address, ModelParts parts = ModelParts.All, CancellationToken cancellation = default)
    {
        using HubRepository repository = new(hub, address, options.Note);
        return repository.FindSnapshot() is { } snapshot && Find(snapshot, address, parts) is { } found
            ? found
            : Fetch(repository, address, parts, cancellation);
    }

    /// <summary>Asks the Hub for the model as it is now, and fetches what the cache lacks of it.</summary>
    /// <inheritdoc cref="Get"/>
    public string Pull(HubAddress address, CancellationToken cancellation = default)
    {
        using HubRepository repository = new(hub, address, options.Note);
        return Fetch(repository, address, ModelParts.All, cancellation);
    }

    private string Fetch(HubRepository repository, HubAddress address, ModelParts parts, CancellationToken cancellation)
    {
        string path = "";
        options.ShowProgress($"fetching {address}", progress =>
            path = FetchAsync(repository, address, parts, progress, cancellation).GetAwaiter().GetResult());
        return path;
    }

    private static async Task<string> FetchAsync(
        HubRepository repository, HubAddress address, ModelParts parts, IProgress<double> progress, CancellationToken cancellation)
    {
        HubListing listing = await repository.ListAsync(cancellation).ConfigureAwait(false);
        HubChoice choice = HubChoice.Of(address, [.. listing.Files.Select(file => file.Name)], parts);
        string folder = await repository.FetchAsync(listing, choice.First, progress: null, cancellation).ConfigureAwait(false);
        await repository.FetchAsync(listing, choice.Rest(folder), progress, cancellation).ConfigureAwait(false);
        repository.NoteRevision(listing);
        return choice.File is null ? folder : Path.Combine(folder, choice.File);
    }

    /// <summary>What of a snapshot is wanted, if it is there whole.</summary>
    private static string? Find(string snapshot, HubAddress address, ModelParts parts)
    {
        if (address.File is { } file)
            return GgufSet.FilesOf(Path.Combine(snapshot, file)).All(File.Exists) ? Path.Combine(snapshot, file) : null;
        bool isWhole = HasTokenizer(snapshot) && File.Exists(Path.Combine(snapshot, HuggingFaceFiles.Config))
            && (parts == ModelParts.Settings || WeightForm.Safetensors.IsWholeIn(snapshot) || WeightForm.Torch.IsWholeIn(snapshot));
        return isWhole ? snapshot : null;
    }

    private static bool HasTokenizer(string folder)
    {
        try
        {
            return TokenizerFiles.Find(folder).Count > 0;
        }
        catch (NeuralinkException)
        {
            return false;
        }
    }
}

/// <summary>What of a model is wanted.</summary>
public enum ModelParts
{
    /// <summary>All that running it takes.</summary>
    All,

    /// <summary>Its configuration and its tokenizer, where these are files of their own.</summary>
    Settings,
}
