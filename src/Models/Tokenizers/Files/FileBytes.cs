using Neuralink.Storage;

namespace Neuralink.Models.Tokenizers.Files;

/// <summary>Reads the small files of a tokenizer that are no JSON.</summary>
internal static class FileBytes
{
    /// <exception cref="NeuralinkException">The file is missing, unreadable or too long.</exception>
    public static byte[] Read(string path, long lengthBytesMax)
    {
        try
        {
            long length = new FileInfo(path).Length;
            return length <= lengthBytesMax
                ? File.ReadAllBytes(path)
                : throw new NeuralinkException($"read {path}", $"at most {ByteSize.Format(lengthBytesMax)}", ByteSize.Format(length));
        }
        catch (FileNotFoundException error)
        {
            throw MissingFile.Describe(path, error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new NeuralinkException($"read {path}", "a readable file", error.Message, inner: error);
        }
    }
}
