namespace Neuralink.Storage;

/// <summary>Puts a failure to write into words a user can act on; a full disk above all.</summary>
internal static class WriteFailure
{
    // ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL as HRESULTs.
    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);

    private const string Advice = "free some space on it or write to another disk";

    /// <summary>The error to throw for <paramref name="error"/>, met while writing <paramref name="path"/>.</summary>
    public static NeuralinkException Describe(string path, Exception error) => error.HResult is LibC.Enospc or WindowsDiskFull or WindowsHandleDiskFull
        ? new NeuralinkException($"write {path}", expected: null, "the disk is full", Advice, error)
        : new NeuralinkException($"write {path}", expected: null, error.Message, inner: error);

    /// <summary>
    /// The same, met while creating <paramref name="path"/> with room for <paramref name="bytes"/> bytes: there .NET reports a full disk without its error code.
    /// </summary>
    public static NeuralinkException DescribeCreation(string path, long bytes, Exception error) =>
        DiskSpace.FreeBytes(path) is { } free && free < bytes ? NoRoom(path, bytes, free, error) : Describe(path, error);

    /// <summary>The error for a disk that has <paramref name="free"/> of the <paramref name="bytes"/> bytes that <paramref name="path"/> needs.</summary>
    public static NeuralinkException NoRoom(string path, long bytes, long free, Exception? error = null) =>
        new($"write {path}", $"{bytes} bytes free on its disk", $"{free}", Advice, error);
}
