namespace Neuralink.Storage;

/// <summary>
/// A temporary folder `DESTINATION.tmp-xxxxxxxx.xxx` beside a destination. A file `....lock` beside it is held open and locked from
/// before the folder exists until after it is gone, and the system unlocks it when the process ends in whatever way: a folder whose lock
/// file can be locked was left by a run that was killed, and the next one to write there removes it (<see cref="Leftovers"/>).
/// </summary>
internal sealed class ScratchFolder : IDisposable
{
    private readonly FileStream _lock;

    private ScratchFolder(string path, FileStream lockFile)
    {
        Path = path;
        _lock = lockFile;
    }

    public string Path { get; }

    /// <summary>Where a folder waits that <see cref="Path"/> is about to replace, if the two cannot be exchanged at once.</summary>
    public string OldPath => Leftovers.OldOf(Path);

    /// <summary>Makes a folder beside <paramref name="destination"/>, a full path, and removes what killed runs have left there.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public static ScratchFolder Create(string destination)
    {
        string parent = System.IO.Path.GetDirectoryName(destination)!;
        Directory.CreateDirectory(parent);
        Leftovers.RemoveFolders(parent, found => found == destination);
        (string path, FileStream lockFile) = Lock(destination);
        try
        {
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
        Leftovers.TryDelete(Path);
        Leftovers.TryDelete(OldPath);
        _lock.Dispose();
    }

    /// <summary>
    /// Creates a lock file and locks it. That is not one step: another process, looking for what killed runs have left, may lock and
    /// remove it between the two. Then there is another name.
    /// </summary>
    private static (string Path, FileStream LockFile) Lock(string destination)
    {
        const int AttemptsMax = 5;
        for (int attempt = 1; ; attempt++)
        {
            string path = $"{destination}.tmp-{System.IO.Path.GetRandomFileName()}";
            try
            {
                FileStream lockFile = new(Leftovers.LockOf(path), new FileStreamOptions
                {
                    Mode = FileMode.CreateNew,
                    Access = FileAccess.ReadWrite,
                    Share = FileShare.None,
                    Options = FileOptions.DeleteOnClose,
                    BufferSize = 0,
                });
                if (File.Exists(lockFile.Name) || attempt == AttemptsMax)
                    return (path, lockFile);
                lockFile.Dispose();
            }
            catch (IOException) when (attempt < AttemptsMax)
            {
                // Taken by the other process, or the disk refuses, and will do so again.
            }
        }
    }
}
