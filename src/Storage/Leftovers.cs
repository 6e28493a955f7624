using System.Text.RegularExpressions;

namespace Neuralink.Storage;

/// <summary>
/// What killed runs have left: temporary folders with their lock files (<see cref="ScratchFolder"/>), and temporary files whose writer
/// did not come to rename them. Nothing that a living process holds is touched: such a folder's lock file is locked, and so is a file
/// that is being written. Failing to remove something is not reported; the next run tries again.
/// </summary>
public static partial class Leftovers
{
    private const string LockSuffix = ".lock", OldSuffix = ".old";

    // A temporary file is not locked between its closing and its renaming, which are next to each other.
    private static readonly TimeSpan s_fileAgeMin = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Removes all of it from a folder that is this program's own, whatever it was to become, and temporary files from the images in
    /// there.
    /// </summary>
    /// <param name="folder">The folder; it need not exist.</param>
    /// <param name="time">The clock.</param>
    public static void Remove(string folder, TimeProvider time)
    {
        try
        {
            if (!Directory.Exists(folder))
                return;
            RemoveFolders(folder, static _ => true);
            foreach (string place in Directory.GetDirectories(folder).Prepend(folder))
                RemoveFiles(place, time.GetUtcNow().UtcDateTime - s_fileAgeMin);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Best effort: others may remove the same things meanwhile.
        }
    }

    /// <summary>
    /// Removes the temporary folders and lock files in <paramref name="parent"/> of those destinations that <paramref name="isMeant"/>
    /// names.
    /// </summary>
    /// <exception cref="IOException">The folder cannot be listed.</exception>
    internal static void RemoveFolders(string parent, Func<string, bool> isMeant)
    {
        foreach (string found in Directory.GetDirectories(parent))
        {
            if (DestinationOf(found) is { } destination && isMeant(destination))
                RemoveFolder(found, destination);
        }
        // Lock files without a folder: the run was killed just before it made one, or just after it had removed it.
        foreach (string found in Directory.GetFiles(parent, $"*{LockSuffix}"))
        {
            string folder = found[..^LockSuffix.Length];
            if (DestinationOf(folder) is { } destination && isMeant(destination) && !Directory.Exists(folder))
                IfDead(folder, static () => { });
        }
    }

    internal static string LockOf(string folder) => folder + LockSuffix;

    /// <summary>Where a folder waits that <paramref name="folder"/> is about to replace.</summary>
    internal static string OldOf(string folder) => folder + OldSuffix;

    /// <summary>Deletes a folder, as far as it can be.</summary>
    internal static void TryDelete(string folder)
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

    private static void RemoveFolder(string found, string destination)
    {
        bool isOld = found.EndsWith(OldSuffix, StringComparison.Ordinal);
        IfDead(isOld ? found[..^OldSuffix.Length] : found, () =>
        {
            if (isOld && !Directory.Exists(destination))
                Directory.Move(found, destination);       // killed between taking the old folder away and putting the new one there
            else
                TryDelete(found);
        });
    }

    private static void RemoveFiles(string folder, DateTime writtenBeforeUtc)
    {
        foreach (string found in Directory.GetFiles(folder).Where(file => DestinationOf(file) is not null))
        {
            if (File.GetLastWriteTimeUtc(found) >= writtenBeforeUtc || TryTake(found) is not { } dead)
                continue;
            dead.Dispose();
            File.Delete(found);
        }
    }

    /// <summary>
    /// Does <paramref name="clean"/> if the process that made a temporary folder is gone, and removes the lock file then.
    /// </summary>
    private static void IfDead(string folder, Action clean)
    {
        if (TryTake(LockOf(folder)) is not { } dead)
            return;         // in use; or without a lock file, and so not of this program
        using (dead)
            clean();
        File.Delete(LockOf(folder));        // after closing it: Windows deletes no open file
    }

    /// <summary>
    /// Locks a file that no living process has locked. A file system without locks would let us take those of the living too: there none
    /// is taken.
    /// </summary>
    private static FileStream? TryTake(string path)
    {
        FileStream? file = TryLock(path);
        using FileStream? again = file is null ? null : TryLock(path);
        if (again is null)
            return file;
        file!.Dispose();
        return null;
    }

    private static FileStream? TryLock(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>What a temporary folder or file was to become, or null for anything else.</summary>
    private static string? DestinationOf(string path) =>
        NamePattern().Match(Path.GetFileName(path)) is { Success: true } match
            ? Path.Join(Path.GetDirectoryName(path), match.Groups["destination"].ValueSpan)
            : null;

    // Path.GetRandomFileName makes the middle.
    [GeneratedRegex(@"^(?<destination>.+)\.tmp-[a-z0-9]{8}\.[a-z0-9]{3}(\.old)?$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NamePattern();
}
