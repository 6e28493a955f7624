using System.Buffers.Binary;
using System.Collections.Frozen;
using Microsoft.Win32.SafeHandles;
using Neuralink.Storage.Weights;

namespace Neuralink.Storage.Safetensors;

/// <summary>
/// A safetensors file, open for reading: 8 bytes of header length (little-endian), the JSON header, the data. The header is validated
/// entirely by <see cref="Open"/>, so every <see cref="TensorInfo"/> from here lies inside the file. Reads may run on any threads at once.
/// </summary>
public sealed class SafetensorsFile : ITensorFile
{
    private const int PrefixBytes = 8;

    private readonly SafeFileHandle _handle;

    private SafetensorsFile(
        string path, SafeFileHandle handle, byte[] head, long lengthBytes, IReadOnlyList<TensorInfo> tensors,
        FrozenDictionary<string, string> metadata)
    {
        Path = path;
        _handle = handle;
        Head = head;
        LengthBytes = lengthBytes;
        InFileOrder = tensors;
        Tensors = tensors.ToFrozenDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        Metadata = metadata;
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <summary>The file's length.</summary>
    public long LengthBytes { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, TensorInfo> Tensors { get; }

    /// <summary>The tensors in the order of their data.</summary>
    public IReadOnlyList<TensorInfo> InFileOrder { get; }

    /// <summary>What lies in front of the data, for whoever computes the file's digest.</summary>
    internal byte[] Head { get; }

    /// <summary>The header's own notes, text to text; often only "format".</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens and validates.</summary>
    /// <exception cref="NeuralinkException">The file cannot be opened, or its header is wrong; says where, expected and found.</exception>
    public static SafetensorsFile Open(string path)
    {
        SafeFileHandle? handle = null;
        try
        {
            handle = File.OpenHandle(path);
            long lengthBytes = RandomAccess.GetLength(handle);
            byte[] head = ReadHead(handle, lengthBytes);
            (IReadOnlyList<TensorInfo> tensors, FrozenDictionary<string, string> metadata) =
                SafetensorsHeader.Parse(head.AsSpan(PrefixBytes), head.Length, lengthBytes - head.Length);
            SafetensorsFile file = new(path, handle, head, lengthBytes, tensors, metadata);
            handle = null;
            return file;
        }
        catch (InvalidSafetensorsException error)
        {
            throw FileKind.OfFile(path) is { } kind
                ? new NeuralinkException($"open {path}", "a safetensors file", kind.Name, kind.Advice, error)
                : error.About(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new NeuralinkException($"open {path}", expected: null, error.Message, inner: error);
        }
        finally
        {
            handle?.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Read(TensorInfo tensor, long offsetBytes, Span<byte> destination)
    {
        if (!Tensors.TryGetValue(tensor.Name, out TensorInfo? known) || !ReferenceEquals(known, tensor))
            throw new ArgumentException($"Tensor '{tensor.Name}' is not of {Path}.", nameof(tensor));
        TensorBytes.Read(_handle, Path, new(tensor.Name, tensor.FileOffset, tensor.LengthBytes), offsetBytes, destination);
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    private static byte[] ReadHead(SafeFileHandle handle, long lengthBytes)
    {
        if (lengthBytes < PrefixBytes)
            throw new InvalidSafetensorsException("at least the 8 bytes of the header's length", $"a file of {lengthBytes} bytes");
        Span<byte> prefix = stackalloc byte[PrefixBytes];
        ReadFully(handle, prefix, 0);
        ulong headerBytes = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (headerBytes > (ulong)(lengthBytes - PrefixBytes))
            throw new InvalidSafetensorsException($"a header within the file's {lengthBytes} bytes", $"a header length of {headerBytes}");
        if (headerBytes > SafetensorsHeader.LengthBytesMax)
        {
            throw new InvalidSafetensorsException(
                $"a header of at most {SafetensorsHeader.LengthBytesMax} bytes", $"a header length of {headerBytes}");
        }
        byte[] head = new byte[PrefixBytes + (int)headerBytes];
        prefix.CopyTo(head);
        ReadFully(handle, head.AsSpan(PrefixBytes), PrefixBytes);
        return head;
    }

    private static void ReadFully(SafeFileHandle handle, Span<byte> destination, long offset)
    {
        for (int done = 0; done < destination.Length;)
        {
            int count = RandomAccess.Read(handle, destination[done..], offset + done);
            if (count == 0)
                throw new InvalidSafetensorsException($"{destination.Length} bytes at {offset}", $"{done}");
            done += count;
        }
    }
}
