namespace Neuralink.Storage;

/// <summary>Puts a failure to write into words a user can act on; a full disk above all.</summary>
internal static class WriteFailure
{
    // ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL as HRESULTs.
    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private const int WindowsHandleDiskFull = unchecked((int)0x80070027);

    /// <summary>The error to throw for <paramref name="error"/>, met while writing <paramref name="path"/>.</summary>
    public static NeuralinkException Describe(string path, Exception error) => error.HResult is LibC.Enospc or WindowsDiskFull or WindowsHandleDiskFull
        ? new NeuralinkException($"write {path}", expected: null, "the disk is full", "free some space on it or write to another disk", error)
        : new NeuralinkException($"write {path}", expected: null, error.Message, inner: error);
}
