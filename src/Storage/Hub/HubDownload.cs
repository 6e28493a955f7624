using System.Globalization;
using System.Net;

namespace Neuralink.Storage.Hub;

/// <summary>
/// Fetches one file of a commit into the cache. What is fetched so far lies in blobs/ETAG.incomplete, and a later try, or a later run, goes
/// on behind it. The whole is checked: an ETag of 64 digits is the SHA-256 of a large file, one of 40 the SHA-1 of a git blob.
/// </summary>
/// <param name="client">Asks the Hub.</param>
/// <param name="cache">The repository's cache.</param>
/// <param name="advance">Told the bytes that have come, or were there, of each piece.</param>
internal sealed class HubDownload(HubClient client, HubCache cache, Action<long> advance)
{
    private const int PieceBytes = 1 << 18;

    private static readonly TimeSpan s_silenceMax = TimeSpan.FromSeconds(60);

    private long _told;
    private long _doneBytes;

    /// <summary>Fetches it unless the blob is there, and links it into the commit's snapshot.</summary>
    /// <param name="repository">ORG/NAME.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="file">The file's path.</param>
    /// <param name="note">Told what a user should know.</param>
    /// <param name="cancellation">Ends it; what has come stays for the next time.</param>
    /// <exception cref="NeuralinkException">The Hub refuses, what came is not what it should be, or the disk is full.</exception>
    public async Task FetchAsync(string repository, string commit, string file, Action<string> note, CancellationToken cancellation)
    {
        string path = $"{repository}/resolve/{commit}/{string.Join('/', file.Split('/').Select(Uri.EscapeDataString))}";
        string etag = await client.TryAsync(
            async () =>
            {
                using HubAnswer answer = await client.GetAsync(path, cancellation).ConfigureAwait(false);
                (string name, long? length) = Describe(answer, file);
                using IDisposable taken = await cache.LockAsync(name, note, cancellation).ConfigureAwait(false);
                if (File.Exists(cache.Blob(name)))
                    Tell(new FileInfo(cache.Blob(name)).Length);
                else
                    await FetchAsync(answer, file, name, length, cancellation).ConfigureAwait(false);
                return name;
            },
            () => _doneBytes, cancellation).ConfigureAwait(false);
        cache.Link(commit, file, etag);
    }

    private (string Etag, long? LengthBytes) Describe(HubAnswer answer, string file)
    {
        string etag = (answer.Etag ?? "").Trim();
        etag = (etag.StartsWith("W/", StringComparison.Ordinal) ? etag[2..] : etag).Trim('"');
        if (!HubCache.IsEtag(etag))
            throw client.Errors.Strange($"an ETag of {file}", etag.Length == 0 ? "none" : $"\"{etag}\"");
        long? length = long.TryParse(answer.LengthBytes, NumberStyles.None, CultureInfo.InvariantCulture, out long linked) ? linked
            : answer.Location is null ? answer.Response.Content.Headers.ContentLength : null;
        return (etag, length);
    }

    private async Task FetchAsync(HubAnswer answer, string file, string etag, long? length, CancellationToken cancellation)
    {
        string blob = cache.Blob(etag), partial = $"{blob}.incomplete";
        await using (FileStream target = Open(partial, length))
        {
            // A file that comes from the Hub itself is small, and is on its way already.
            if (answer.Location is null || target.Length > length)
                target.SetLength(0);
            using BlobHash? hash = BlobHash.Of(etag, length);
            await TakeWhatIsThereAsync(target, hash, cancellation).ConfigureAwait(false);
            if (answer.Location is null)
                await CopyAsync(answer.Response, target, hash, cancellation).ConfigureAwait(false);
            else if (target.Length != length)
                await ContinueAsync(answer.Location, target, hash, cancellation).ConfigureAwait(false);
            if (target.Length < length)
                throw new IOException($"{file} broke off after {target.Length} of {length} bytes");
            string? found = hash?.Finish();
            if (target.Length > length || (found is not null && found != etag))
            {
                target.SetLength(0);
                throw client.Errors.Strange(
                    $"{file} with the checksum {etag}", $"{target.Length} bytes with {found ?? "none"}; what came was deleted");
            }
            Guard(partial, () => target.Flush(flushToDisk: true));
        }
        Guard(blob, () => File.Move(partial, blob));
    }

    private async Task TakeWhatIsThereAsync(FileStream target, BlobHash? hash, CancellationToken cancellation)
    {
        byte[] piece = new byte[PieceBytes];
        target.Position = 0;
        for (int count; (count = await target.ReadAsync(piece, cancellation).ConfigureAwait(false)) > 0;)
            hash?.Append(piece.AsSpan(0, count));
        Tell(target.Length);
    }

    private async Task ContinueAsync(Uri location, FileStream target, BlobHash? hash, CancellationToken cancellation)
    {
        using HttpResponseMessage response = await client.GetAsync(location, target.Length, cancellation).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.PartialContent
            && response.Content.Headers.ContentRange?.From is { } from && from != target.Length)
        {
            throw client.Errors.Strange($"the bytes from {target.Length} on", $"those from {from} on");
        }
        if (response.StatusCode != HttpStatusCode.PartialContent && target.Length > 0)
        {
            // It sends all of it, or has nothing behind what is there: so from the beginning.
            target.SetLength(0);
            _doneBytes = 0;
            hash?.Restart();
            if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
                throw new IOException("the server has nothing behind what was there; beginning anew");
        }
        await CopyAsync(response, target, hash, cancellation).ConfigureAwait(false);
    }

    private async Task CopyAsync(HttpResponseMessage response, FileStream target, BlobHash? hash, CancellationToken cancellation)
    {
        byte[] piece = new byte[PieceBytes];
        await using Stream source = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        for (int count; (count = await ReadAsync(source, piece, cancellation).ConfigureAwait(false)) > 0;)
        {
            hash?.Append(piece.AsSpan(0, count));
            Guard(target.Name, () => target.Write(piece, 0, count));
            Tell(target.Length);
        }
        target.Flush();
    }

    private static async Task<int> ReadAsync(Stream source, byte[] piece, CancellationToken cancellation) =>
        await source.ReadAsync(piece, cancellation).AsTask().WaitAsync(s_silenceMax, cancellation).ConfigureAwait(false);

    private static FileStream Open(string partial, long? length)
    {
        FileStream? stream = null;
        Guard(partial, () =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(partial)!);
            long there = File.Exists(partial) ? new FileInfo(partial).Length : 0;
            if (length > there)
                DiskSpace.Require(partial, length.Value - there);
            stream = new FileStream(partial, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        });
        return stream!;
    }

    private void Tell(long doneBytes)
    {
        _doneBytes = doneBytes;
        if (doneBytes > _told)
        {
            advance(doneBytes - _told);
            _told = doneBytes;
        }
    }

    private static void Guard(string path, Action write)
    {
        try
        {
            write();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw WriteFailure.Describe(path, error);
        }
    }
}
