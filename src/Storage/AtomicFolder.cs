using System.Runtime.InteropServices;

namespace Neuralink.Storage;

/// <summary>
/// A folder that comes into being whole or not at all. Files are written to <see cref="Path"/>, a temporary folder beside the destination;
/// <see cref="Commit"/> makes them durable and renames it. Without a commit, <see cref="Dispose"/> leaves nothing behind.
/// </summary>
public sealed class AtomicFolder : IDisposable
{
    private readonly bool _replace;
    private bool _isCommitted;

    /// <param name="destination">The folder to make.</param>
    /// <param name="replace">Whether it may exist already; what it holds then stays until the commit.</param>
    /// <exception cref="NeuralinkException">It exists and may not, or the disk refuses.</exception>
    public AtomicFolder(string destination, bool replace = false)
    {
        Destination = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(destination));
        _replace = replace;
        CheckDestination();
        Path = Beside("tmp");
        Guard(() => Directory.CreateDirectory(Path));
    }

    /// <summary>The folder to make, as a full path.</summary>
    public string Destination { get; }

    /// <summary>Where to write until then.</summary>
    public string Path { get; }

    /// <summary>Makes every file durable, and the folder appear under its name.</summary>
    /// <exception cref="NeuralinkException">The destination has come into existence and may not, or the disk refuses.</exception>
    public void Commit()
    {
        if (_isCommitted)
            throw new InvalidOperationException("The folder is committed already.");
        CheckDestination();
        Guard(() =>
        {
            foreach (string file in Directory.EnumerateFiles(Path, "*", SearchOption.AllDirectories))
                FlushFile(file);
            foreach (string folder in Directory.EnumerateDirectories(Path, "*", SearchOption.AllDirectories))
                FlushFolder(folder);
            FlushFolder(Path);
            Move();
            _isCommitted = true;
            FlushFolder(System.IO.Path.GetDirectoryName(Destination)!);
        });
    }

    /// <summary>Without a commit, deletes what was written. A disk that refuses even that is not reported: there was an error before it.</summary>
    public void Dispose()
    {
        if (!_isCommitted)
            TryDelete(Path);
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

    private static void FlushFile(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite);
        file.Flush(flushToDisk: true);
    }

    // Elsewhere a folder cannot be opened as a file, and the file system orders a rename behind the data itself.
    internal static void FlushFolder(string path)
    {
        if (!OperatingSystem.IsLinux())
            return;
        using var folder = LibC.Open(path, LibC.OpenReadOnly | LibC.OpenCloseOnExec);
        if (folder.IsInvalid)
            throw LibC.Failure(Marshal.GetLastPInvokeError());
        if (LibC.Fsync(folder) < 0 && Marshal.GetLastPInvokeError() is not LibC.Einval and int errno)
            throw LibC.Failure(errno);
    }

    private void Move()
    {
        if (!Directory.Exists(Destination))
        {
            Directory.Move(Path, Destination);
            return;
        }

        string old = Beside("old");
        Directory.Move(Destination, old);
        try
        {
            Directory.Move(Path, Destination);
        }
        catch
        {
            Directory.Move(old, Destination);
            throw;
        }

        TryDelete(old);
    }

    private void CheckDestination()
    {
        if (File.Exists(Destination) || (!_replace && Directory.Exists(Destination)))
            throw new NeuralinkException($"write {Destination}", "no such file or folder", "it exists", "remove it or choose another name");
    }

    private string Beside(string kind) => $"{Destination}.{kind}-{System.IO.Path.GetRandomFileName()}";

    private void Guard(Action write)
    {
        try
        {
            write();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw WriteFailure.Describe(Destination, error);
        }
    }
}
