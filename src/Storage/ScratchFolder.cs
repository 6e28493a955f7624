using System.Text.RegularExpressions;

namespace Neuralink.Storage;

/// <summary>
/// A temporary folder `DESTINATION.tmp-xxxxxxxx.xxx` beside a destination. A file `....lock` beside it is held open and locked from before the
/// folder exists until after it is gone, and the system unlocks it when the process ends in whatever way: a folder whose lock file can be locked
/// was left by a run that was killed, and the next one to write there removes it.
/// </summary>
internal sealed partial class ScratchFolder : IDisposable
{
    private const string LockSuffix = ".lock", OldSuffix = ".old";

    private readonly FileStream _lock;

    private ScratchFolder(string path, FileStream lockFile)
    {
        Path = path;
        _lock = lockFile;
    }

    public string Path { get; }

    /// <summary>Where a folder waits that <see cref="Path"/> is about to replace, if the two cannot be exchanged at once.</summary>
    public string OldPath => Path + OldSuffix;

    /// <summary>Makes a folder beside <paramref name="destination"/>, a full path, and removes what killed runs have left there.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public static ScratchFolder Create(string destination)
    {
        string path = $"{destination}.tmp-{System.IO.Path.GetRandomFileName()}";
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        FileStream lockFile = OpenLock(path, FileMode.CreateNew);
        try
        {
            Prune(destination, path);
            Directory.CreateDirectory(path);
            return new ScratchFolder(path, lockFile);
        }
        catch
        {
            lockFile.Dispose();
            throw;
        }
    }

    /// <summary>Deletes what is left of the folder. A disk that refuses even that is not reported: there was an error before it.</summary>
    public void Dispose()
    {
        TryDelete(Path);
        TryDelete(OldPath);
        _lock.Dispose();
    }

    private static FileStream OpenLock(string path, FileMode mode) => new(path + LockSuffix, new FileStreamOptions
    {
        Mode = mode,
        Access = FileAccess.ReadWrite,
        Share = FileShare.None,
        Options = FileOptions.DeleteOnClose,
        BufferSize = 0,
    });

    private static void Prune(string destination, string ownPath)
    {
        // A file system without locks would let us take those of the living too. It also lets us take our own a second time.
        using (FileStream? again = TryLock(ownPath))
        {
            if (again is not null)
                return;
        }
        string parent = System.IO.Path.GetDirectoryName(destination)!;
        foreach (string found in Directory.GetDirectories(parent).Where(IsOurs))
        {
            bool isOld = found.EndsWith(OldSuffix, StringComparison.Ordinal);
            using FileStream? dead = TryLock(isOld ? found[..^OldSuffix.Length] : found);
            if (dead is null)
                continue;
            if (isOld && !Directory.Exists(destination))
                Directory.Move(found, destination);       // killed between taking the old folder away and putting the new one there
            else
                TryDelete(found);
        }
        // Lock files without a folder: the run was killed just before it made one, or just after it had removed it. Closing deletes them.
        foreach (string found in Directory.GetFiles(parent).Where(f => f.EndsWith(LockSuffix, StringComparison.Ordinal)).Select(f => f[..^LockSuffix.Length]).Where(IsOurs))
        {
            if (!Directory.Exists(found))
                TryLock(found)?.Dispose();
        }

        bool IsOurs(string path) => path.StartsWith(destination, StringComparison.Ordinal) && SuffixPattern().IsMatch(path[destination.Length..]);
    }

    private static FileStream? TryLock(string path)
    {
        try
        {
            return OpenLock(path, FileMode.Open);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;        // in use; or without a lock file, and so not of this program
        }
    }

    private static void TryDelete(string folder)
    {
        try
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Best effort; the name says that it is temporary.
        }
    }

    [GeneratedRegex(@"^\.tmp-[a-z0-9]{8}\.[a-z0-9]{3}(\.old)?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SuffixPattern();
}
