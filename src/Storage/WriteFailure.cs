namespace Neuralink.Storage;

/// <summary>Puts a failure to write into words a user can act on; a full disk above all.</summary>
internal static class WriteFailure
{
    // ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL as HRESULTs.
    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);

    private const string Advice = "free some space on it or write to another disk";

    /// <summary>The error to throw for <paramref name="error"/>, met while writing <paramref name="path"/>.</summary>
    public static NeuralinkException Describe(string path, Exception error)
    {
        string operation = $"write {path}";
        if (error.HResult is LibC.Enospc or WindowsDiskFull or WindowsHandleDiskFull)
            return new NeuralinkException(operation, expected: null, "the disk is full", Advice, error);
        // The system's own words for these do not say which part of the path is meant.
        string? ancestor = Path.GetDirectoryName(Path.GetFullPath(path));
        while (ancestor is not null && !Path.Exists(ancestor))
            ancestor = Path.GetDirectoryName(ancestor);
        if (File.Exists(ancestor))
            return new NeuralinkException(operation, "a folder to write it to", $"the file {ancestor}", "choose another name", error);
        if (error is DirectoryNotFoundException)
        {
            return new NeuralinkException(
                operation, "a folder to write it to", "no such folder", "create it or choose another name", error);
        }
        if (error is UnauthorizedAccessException)
        {
            bool isFolder = Directory.Exists(path);
            return new NeuralinkException(
                operation, "a name that may be written", isFolder ? "a folder" : "no permission", "choose another name", error);
        }
        return new NeuralinkException(operation, expected: null, error.Message, inner: error);
    }

    /// <summary>
    /// The same, met while creating <paramref name="path"/> with room for <paramref name="bytes"/> bytes: there .NET reports a full disk
    /// without its error code.
    /// </summary>
    public static NeuralinkException DescribeCreation(string path, long bytes, Exception error) =>
        DiskSpace.FreeBytes(path) is { } free && free < bytes ? NoRoom(path, bytes, free, error) : Describe(path, error);

    /// <summary>
    /// The error for a disk that has <paramref name="free"/> of the <paramref name="bytes"/> bytes that <paramref name="path"/> needs.
    /// </summary>
    public static NeuralinkException NoRoom(string path, long bytes, long free, Exception? error = null) =>
        new($"write {path}", $"{bytes} bytes free on its disk", $"{free}", Advice, error);
}
