using System.Collections.Immutable;

namespace Neuralink.Storage.Gguf;

/// <summary>A tensor that a <see cref="GgufWriter"/> is going to write.</summary>
/// <param name="Name">Its name, unique in the file.</param>
/// <param name="Type">The type of its elements.</param>
/// <param name="Shape">Its dimensions, slowest first.</param>
public sealed record GgufDeclaration(string Name, GgufType Type, ImmutableArray<long> Shape)
{
    /// <summary>Its length in the file.</summary>
    public long LengthBytes => Shape.Aggregate(1L, (product, size) => checked(product * size)) / Type.BlockElements * Type.BlockBytes;
}

/// <summary>
/// Writes a GGUF file of version 3 front to back without holding it: metadata and tensors are declared first, then the tensors' bytes come
/// in that order, in pieces of any size.
/// </summary>
public sealed class GgufWriter : IDisposable
{
    private const uint Version = 3;
    private const int AlignmentBytes = 32;
    private const int BufferBytes = 1 << 20;

    private readonly string _path;
    private readonly Stream _stream;
    private readonly IReadOnlyList<GgufDeclaration> _tensors;
    private int _current;
    private long _currentDone;

    private GgufWriter(Stream stream, string path, IReadOnlyList<GgufDeclaration> tensors)
    {
        _stream = stream;
        _path = path;
        _tensors = tensors;
    }

    /// <summary>Creates <paramref name="path"/>, which must not exist, and writes all but the data.</summary>
    /// <param name="path">The file.</param>
    /// <param name="metadata">Keys and values, in order.</param>
    /// <param name="tensors">All tensors, in the order in which their bytes will come.</param>
    /// <exception cref="NeuralinkException">The file cannot be created, or the disk has no room for all of it (where the system
    /// can tell beforehand).</exception>
    public static GgufWriter Create(
        string path, IReadOnlyList<KeyValuePair<string, GgufValue>> metadata, IReadOnlyList<GgufDeclaration> tensors)
    {
        byte[] head = Head(metadata, tensors);
        long lengthBytes = head.Length + tensors.Sum(tensor => Align(tensor.LengthBytes));
        GgufWriter? writer = null;
        try
        {
            FileStream stream = new(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                BufferSize = BufferBytes,
                PreallocationSize = lengthBytes,
            });
            writer = new GgufWriter(stream, path, tensors);
            writer.Append(head);
            return writer;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw WriteFailure.DescribeCreation(path, lengthBytes, error);
        }
        catch
        {
            writer?.Dispose();
            throw;
        }
    }

    /// <summary>Writes the next bytes of a tensor.</summary>
    /// <param name="tensorName">The tensor: the first declared one that is not complete.</param>
    /// <param name="bytes">Its next bytes.</param>
    /// <exception cref="NeuralinkException">The disk is full or fails.</exception>
    public void Write(string tensorName, ReadOnlySpan<byte> bytes)
    {
        if (_current == _tensors.Count || !string.Equals(_tensors[_current].Name, tensorName, StringComparison.Ordinal))
            throw new InvalidOperationException($"'{tensorName}' is not the tensor to write: {Position()}.");
        long lengthBytes = _tensors[_current].LengthBytes;
        if (bytes.Length > lengthBytes - _currentDone)
            throw new InvalidOperationException($"{bytes.Length} bytes are too many: {Position()}.");
        Append(bytes);
        _currentDone += bytes.Length;
        if (_currentDone < lengthBytes)
            return;
        Append(stackalloc byte[(int)(Align(lengthBytes) - lengthBytes)]);
        (_current, _currentDone) = (_current + 1, 0);
    }

    /// <summary>Ends the file: every byte is on the disk when this returns.</summary>
    /// <exception cref="InvalidOperationException">A tensor lacks bytes.</exception>
    /// <exception cref="NeuralinkException">The disk is full or fails.</exception>
    public void Complete()
    {
        if (_current < _tensors.Count)
            throw new InvalidOperationException($"The file is not complete: {Position()}.");
        try
        {
            ((FileStream)_stream).Flush(flushToDisk: true);
        }
        catch (IOException error)
        {
            throw WriteFailure.Describe(_path, error);
        }
    }

    /// <summary>Closes the file, complete or not. Whoever created it deletes what is not complete.</summary>
    public void Dispose()
    {
        try
        {
            _stream.Dispose();
        }
        catch (IOException)
        {
            // Closing writes what is still buffered. After Complete nothing is, and before it the file counts for nothing.
        }
    }

    private static byte[] Head(IReadOnlyList<KeyValuePair<string, GgufValue>> metadata, IReadOnlyList<GgufDeclaration> tensors)
    {
        using MemoryStream memory = new();
        using BinaryWriter writer = new(memory);
        writer.Write("GGUF"u8);
        writer.Write(Version);
        writer.Write((ulong)tensors.Count);
        writer.Write((ulong)metadata.Count);
        foreach ((string key, GgufValue value) in metadata)
        {
            GgufValue.WriteText(writer, key);
            value.Write(writer);
        }
        long offset = 0;
        foreach (GgufDeclaration tensor in tensors)
        {
            GgufValue.WriteText(writer, tensor.Name);
            writer.Write(tensor.Shape.Length);
            foreach (long size in tensor.Shape.Reverse())
                writer.Write(size);
            writer.Write(tensor.Type.Number);
            writer.Write(offset);
            offset += Align(tensor.LengthBytes);
        }
        writer.Write(new byte[Align(memory.Length) - memory.Length]);
        return memory.ToArray();
    }

    private static long Align(long position) => (position + AlignmentBytes - 1) & -AlignmentBytes;

    private string Position() => _current == _tensors.Count
        ? "all are complete"
        : $"tensor '{_tensors[_current].Name}' has {_currentDone} of {_tensors[_current].LengthBytes} bytes";

    private void Append(ReadOnlySpan<byte> bytes)
    {
        try
        {
            _stream.Write(bytes);
        }
        catch (IOException error)
        {
            throw WriteFailure.Describe(_path, error);
        }
    }
}
