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

    /// <summary>The same for a file that may exist: there is the old one or the new one at every moment.</summary>
    /// <exception cref="NeuralinkException">The disk is full or fails.</exception>
    public static void Replace(string path, ReadOnlySpan<byte> bytes)
    {
        string temporary = $"{path}.tmp-{Path.GetRandomFileName()}";
        try
        {
            Write(temporary, bytes);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw WriteFailure.Describe(path, error);
        }
        finally
        {
            File.Delete(temporary);     // there only after a failure
        }
    }
}
