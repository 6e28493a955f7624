namespace Neuralink.Storage;

/// <summary>Whether there is room for a file or folder before its writing begins.</summary>
internal static class DiskSpace
{
    /// <summary>
    /// Bytes that may be written to the disk of <paramref name="path"/>, which need not exist, or null where that cannot be told.
    /// </summary>
    public static long? FreeBytes(string path)
    {
        try
        {
            string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
            while (!Directory.Exists(folder) && Path.GetDirectoryName(folder) is { } parent)
                folder = parent;
            return new DriveInfo(folder).AvailableFreeSpace;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // A network path: whatever is done next says more.
            return null;
        }
    }

    /// <exception cref="NeuralinkException">The disk of <paramref name="path"/> has less than
    /// <paramref name="bytes"/> bytes free.</exception>
    public static void Require(string path, long bytes)
    {
        if (FreeBytes(path) is { } free && free < bytes)
            throw WriteFailure.NoRoom(path, bytes, free);
    }
}
