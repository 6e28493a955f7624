using System.Runtime.InteropServices;

namespace Neuralink.Storage;

/// <summary>
/// A folder that comes into being whole or not at all. Files are written to <see cref="Path"/>, a temporary folder beside the destination;
/// <see cref="Commit"/> makes them durable and renames it. Without a commit, <see cref="Dispose"/> leaves nothing behind; what a killed
/// process leaves, the next one to write there removes.
/// </summary>
public sealed class AtomicFolder : IDisposable
{
    private readonly bool _replace;
    private readonly ScratchFolder _scratch;
    private bool _isCommitted;

    /// <param name="destination">The folder to make.</param>
    /// <param name="replace">Whether it may exist already; what it holds then stays until the commit.</param>
    /// <exception cref="NeuralinkException">It exists and may not, or the disk refuses.</exception>
    public AtomicFolder(string destination, bool replace = false)
    {
        Destination = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(destination));
        _replace = replace;
        CheckDestination();
        _scratch = Guard(() => ScratchFolder.Create(Destination));
    }

    /// <summary>The folder to make, as a full path.</summary>
    public string Destination { get; }

    /// <summary>Where to write until then.</summary>
    public string Path => _scratch.Path;

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
            return true;
        });
        _scratch.Dispose();
    }

    /// <summary>Without a commit, deletes what was written.</summary>
    public void Dispose() => _scratch.Dispose();

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
        // Where the system can exchange two names, there is one folder or the other under the destination's at every moment.
        if (OperatingSystem.IsLinux() && LibC.TryExchange(Path, Destination))
            return;
        Directory.Move(Destination, _scratch.OldPath);
        try
        {
            Directory.Move(Path, Destination);
        }
        catch
        {
            Directory.Move(_scratch.OldPath, Destination);
            throw;
        }
    }

    private void CheckDestination()
    {
        if (File.Exists(Destination) || (!_replace && Directory.Exists(Destination)))
            throw new NeuralinkException($"write {Destination}", "no such file or folder", "it exists", "remove it or choose another name");
    }

    private T Guard<T>(Func<T> write)
    {
        try
        {
            return write();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw WriteFailure.Describe(Destination, error);
        }
    }
}
