using Microsoft.Win32.SafeHandles;

namespace Neuralink.Storage;

/// <summary>Where a tensor's bytes lie in a file.</summary>
internal readonly record struct TensorRange(string Name, long FileOffset, long LengthBytes);

/// <summary>Reads tensors' bytes from files.</summary>
internal static class TensorBytes
{
    /// <summary>Fills <paramref name="destination"/> with a tensor's bytes from <paramref name="offsetBytes"/> on.</summary>
    /// <exception cref="NeuralinkException">The read fails, or the file has become shorter than it was.</exception>
    public static void Read(SafeFileHandle handle, string path, TensorRange tensor, long offsetBytes, Span<byte> destination)
    {
        if (offsetBytes < 0 || offsetBytes > tensor.LengthBytes - destination.Length)
        {
            throw new ArgumentOutOfRangeException(
                nameof(offsetBytes), offsetBytes, $"{destination.Length} bytes from there leave '{tensor.Name}'.");
        }
        int done = 0;
        try
        {
            while (done < destination.Length)
            {
                int count = RandomAccess.Read(handle, destination[done..], tensor.FileOffset + offsetBytes + done);
                if (count == 0)
                    break;
                done += count;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new NeuralinkException($"read tensor '{tensor.Name}' of {path}", expected: null, error.Message, inner: error);
        }
        if (done < destination.Length)
        {
            throw new NeuralinkException(
                $"read tensor '{tensor.Name}' of {path}", $"{destination.Length} bytes at {tensor.FileOffset + offsetBytes}", $"{done}",
                "the file was cut while in use");
        }
    }
}
