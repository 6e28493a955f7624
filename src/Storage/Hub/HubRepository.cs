using System.Text.Json;

namespace Neuralink.Storage.Hub;

/// <summary>A repository of the Hub, and what the cache folder has of it.</summary>
public sealed class HubRepository : IDisposable
{
    private const int ListingBytesMax = 64 << 20;

    private readonly HubOptions _options;
    private readonly HubAddress _address;
    private readonly HubCache _cache;
    private readonly HubClient _client;
    private readonly Action<string> _note;

    /// <param name="options">How the Hub is reached.</param>
    /// <param name="address">The repository and its revision.</param>
    /// <param name="note">Takes, a line each, what a user should know.</param>
    public HubRepository(HubOptions options, HubAddress address, Action<string> note)
    {
        _options = options;
        _address = address;
        _note = note;
        _cache = new HubCache(options.CacheFolder, address.Repository);
        _client = new HubClient(options, new HubErrors(options, address), note);
    }

    /// <summary>The name of the model that a folder of the cache is of, whoever published it; null for any other place.</summary>
    public static string? NameOf(string path) => HubCache.NameOf(Path.GetFullPath(path));

    /// <summary>The folder of the revision's files, as far as the cache has them, or null.</summary>
    public string? FindSnapshot() =>
        _cache.CommitOf(_address.Revision) is { } commit && Directory.Exists(_cache.Snapshot(commit)) ? _cache.Snapshot(commit) : null;

    /// <summary>Asks the Hub what the revision is.</summary>
    /// <exception cref="NeuralinkException">It cannot be reached, or refuses.</exception>
    public async Task<HubListing> ListAsync(CancellationToken cancellation)
    {
        if (_options.IsOffline)
        {
            throw new NeuralinkException(
                $"get {_address}", $"it whole in {_options.CacheFolder}", "it not there, and HF_HUB_OFFLINE set",
                "unset that, or get the model first");
        }
        string path = $"api/models/{_address.Repository}/revision/{Uri.EscapeDataString(_address.Revision)}?blobs=true";
        return await _client.TryAsync(
            async () =>
            {
                using HubAnswer answer = await _client.GetAsync(path, cancellation).ConfigureAwait(false);
                if (answer.Location is not null)
                    throw _client.Errors.Strange("a list of files", $"a redirection to {answer.Location.Host}");
                return Parse(await ReadAsync(answer.Response, cancellation).ConfigureAwait(false));
            },
            static () => 0, cancellation).ConfigureAwait(false);
    }

    /// <summary>Brings files into the cache, those that are there already excepted.</summary>
    /// <param name="listing">What the revision is.</param>
    /// <param name="names">The files.</param>
    /// <param name="progress">Told the share that is done.</param>
    /// <param name="cancellation">Ends it; what has come stays for the next time.</param>
    /// <returns>The folder that they are in.</returns>
    /// <exception cref="NeuralinkException">The Hub refuses, what came is not what it should be, or the disk is full.</exception>
    public async Task<string> FetchAsync(
        HubListing listing, IReadOnlyList<string> names, IProgress<double>? progress, CancellationToken cancellation)
    {
        Dictionary<string, long> lengths = listing.Files.ToDictionary(file => file.Name, file => file.LengthBytes, StringComparer.Ordinal);
        string snapshot = _cache.Snapshot(listing.Commit);
        long total = names.Sum(name => lengths[name]), done = 0;
        DiskSpace.Require(snapshot, names.Where(name => !File.Exists(Path.Combine(snapshot, name))).Sum(name => lengths[name]));
        foreach (string name in names)
        {
            HubDownload download = new(_client, _cache, bytes =>
            {
                done += bytes;
                progress?.Report(total == 0 ? 1 : Math.Min(1, (double)done / total));
            });
            await download.FetchAsync(_address.Repository, listing.Commit, name, _note, cancellation).ConfigureAwait(false);
        }
        return snapshot;
    }

    /// <summary>Notes that the revision is this commit: from now on it is found without asking the Hub.</summary>
    public void NoteRevision(HubListing listing) => _cache.Note(_address.Revision, listing.Commit);

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private static async Task<byte[]> ReadAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        await response.Content.LoadIntoBufferAsync(ListingBytesMax, cancellation).ConfigureAwait(false);
        return await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false);
    }

    private HubListing Parse(byte[] json)
    {
        try
        {
            return HubListing.Parse(json);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw _client.Errors.Strange("a list of files, as the Hub answers", error.Message, error);
        }
    }
}
