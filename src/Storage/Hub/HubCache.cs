namespace Neuralink.Storage.Hub;

/// <summary>
/// A repository in Hugging Face's cache folder: models--ORG--NAME with blobs/ETAG, refs/REVISION (which commit it is) and
/// snapshots/COMMIT/FILE (links to blobs). Format: huggingface_hub's guide "Understand caching".
/// </summary>
internal sealed class HubCache
{
    private const string Prefix = "models--", Separator = "--", Snapshots = "snapshots";
    private const int CommitDigits = 40;
    private const int EtagLengthMax = 128;

    private readonly string _folder;
    private readonly string _locks;

    public HubCache(string cacheFolder, string repository)
    {
        string name = Prefix + repository.Replace("/", Separator, StringComparison.Ordinal);
        _folder = Path.Combine(cacheFolder, name);
        _locks = Path.Combine(cacheFolder, ".locks", name);
    }

    /// <summary>Whether <paramref name="text"/> is written as a commit is.</summary>
    public static bool IsCommit(string text) => text.Length == CommitDigits && text.All(char.IsAsciiHexDigitLower);

    /// <summary>Whether a server's name of a blob can be the name of a file.</summary>
    public static bool IsEtag(string text) =>
        text.Length is > 0 and <= EtagLengthMax && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    /// <summary>
    /// The name in .../models--ORG--NAME/snapshots/COMMIT, or null where a path is none such: a file of it has a name of its own.
    /// </summary>
    public static string? NameOf(string path)
    {
        string[] parts = path.Split(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar);
        int at = Array.LastIndexOf(parts, Snapshots);
        return at > 0 && at + 2 == parts.Length && IsCommit(parts[at + 1]) && parts[at - 1].StartsWith(Prefix, StringComparison.Ordinal)
            ? parts[at - 1][(parts[at - 1].LastIndexOf(Separator, StringComparison.Ordinal) + Separator.Length)..]
            : null;
    }

    /// <summary>The folder of a commit's files.</summary>
    public string Snapshot(string commit) => Path.Combine(_folder, Snapshots, commit);

    /// <summary>Where a blob is.</summary>
    public string Blob(string etag) => Path.Combine(_folder, "blobs", etag);

    /// <summary>The commit that a revision was when it was last asked for, or null.</summary>
    public string? CommitOf(string revision)
    {
        if (IsCommit(revision))
            return revision;
        string path = Path.Combine(_folder, "refs", revision);
        return File.Exists(path) && File.ReadAllText(path).Trim() is var commit && IsCommit(commit) ? commit : null;
    }

    /// <summary>Notes which commit a revision is.</summary>
    public void Note(string revision, string commit)
    {
        if (!IsCommit(revision))
            Write(Path.Combine(_folder, "refs", revision), path => File.WriteAllText(path, commit));
    }

    /// <summary>Puts a blob where a commit's file belongs: as a link, or the blob itself where there are no links.</summary>
    public void Link(string commit, string file, string etag)
    {
        string path = Path.Combine([Snapshot(commit), .. file.Split('/')]);
        if (new FileInfo(path) is { Exists: true, LinkTarget: null })
            return;
        Write(path, _ =>
        {
            File.Delete(path);
            try
            {
                File.CreateSymbolicLink(path, Path.GetRelativePath(Path.GetDirectoryName(path)!, Blob(etag)));
            }
            catch (Exception error) when (OperatingSystem.IsWindows() && error is IOException or UnauthorizedAccessException)
            {
                File.Copy(Blob(etag), path);
            }
        });
    }

    /// <summary>
    /// Waits until no other program fetches the same blob. Their programs lock the same file in the same way.
    /// </summary>
    public async Task<IDisposable> LockAsync(string etag, Action<string> note, CancellationToken cancellation)
    {
        string path = Path.Combine(_locks, $"{etag}.lock");
        for (bool isNoted = false; ; isNoted = true)
        {
            FileStream? stream = null;
            Write(path, _ => stream = TryLock(path));
            if (stream is not null)
                return stream;
            if (!isNoted)
                note($"waiting for another program that fetches the same file; it holds {path}");
            await Task.Delay(TimeSpan.FromMilliseconds(500), cancellation).ConfigureAwait(false);
        }
    }

    private static FileStream? TryLock(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(path))
        {
            return null;
        }
    }

    private static void Write(string path, Action<string> write)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            write(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw WriteFailure.Describe(path, error);
        }
    }
}
