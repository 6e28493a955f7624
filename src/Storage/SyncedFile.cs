namespace Neuralink.Storage;

/// <summary>Writes a small file and syncs it to the disk.</summary>
public static class SyncedFile
{
    /// <exception cref="NeuralinkException">The disk is full or fails.</exception>
    public static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        try
        {
            using FileStream stream = new(path, FileMode.CreateNew, FileAccess.Write);
            stream.Write(bytes);
            stream.Flush(flushToDisk: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw WriteFailure.Describe(path, error);
        }
    }
}
