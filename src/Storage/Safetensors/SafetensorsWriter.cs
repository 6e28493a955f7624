namespace Neuralink.Storage.Safetensors;

/// <summary>
/// Writes a safetensors file front to back without holding it: the tensors are declared first, which fixes the header, then their bytes
/// come in that order, in pieces of any size. The data begin at a multiple of a chosen alignment; the tensors follow each other without
/// gaps, as the format demands, so a tensor's own alignment is what the lengths before it make of it.
/// </summary>
public sealed class SafetensorsWriter : IDisposable
{
    private const int BufferBytes = 1 << 20;

    private readonly string _path;
    private readonly Stream _stream;
    private readonly IReadOnlyList<TensorDeclaration> _tensors;
    private readonly FileDigest _digest = new();
    private int _current;
    private long _currentDone;

    /// <summary>Writes the header to <paramref name="stream"/>, which this takes over.</summary>
    /// <param name="stream">Where the file goes.</param>
    /// <param name="path">The file's path, for messages.</param>
    /// <param name="tensors">All tensors, in the order in which their bytes will come.</param>
    /// <param name="metadata">Notes for the header.</param>
    /// <param name="dataAlignmentBytes">The data begin at a multiple of this; the header is padded with spaces up to there.</param>
    internal SafetensorsWriter(
        Stream stream, string path, IReadOnlyList<TensorDeclaration> tensors, IReadOnlyDictionary<string, string>? metadata,
        int dataAlignmentBytes)
    {
        _stream = stream;
        _path = path;
        _tensors = tensors;
        try
        {
            Append(SafetensorsHeaderWriter.Write(tensors, metadata, dataAlignmentBytes));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Creates <paramref name="path"/>, which must not exist, and writes the header.</summary>
    /// <inheritdoc cref="SafetensorsWriter(Stream, string, IReadOnlyList{TensorDeclaration}, IReadOnlyDictionary{string, string}, int)"/>
    /// <exception cref="NeuralinkException">The file cannot be created, or the disk has no room for all of it (where the system
    /// can tell beforehand).</exception>
    public static SafetensorsWriter Create(
        string path, IReadOnlyList<TensorDeclaration> tensors, IReadOnlyDictionary<string, string>? metadata = null,
        int dataAlignmentBytes = 8)
    {
        long dataBytes = tensors.Sum(tensor => tensor.LengthBytes);
        try
        {
            FileStream stream = new(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                BufferSize = BufferBytes,
                PreallocationSize = dataBytes,
            });
            return new SafetensorsWriter(stream, path, tensors, metadata, dataAlignmentBytes);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw WriteFailure.DescribeCreation(path, dataBytes, error);
        }
    }

    /// <summary>Writes the next bytes of a tensor.</summary>
    /// <param name="tensorName">The tensor: the first declared one that is not complete.</param>
    /// <param name="bytes">Its next bytes.</param>
    /// <exception cref="NeuralinkException">The disk is full or fails.</exception>
    public void Write(string tensorName, ReadOnlySpan<byte> bytes)
    {
        while (_current < _tensors.Count && _currentDone == _tensors[_current].LengthBytes && !IsCurrent(tensorName))
            (_current, _currentDone) = (_current + 1, 0);
        if (!IsCurrent(tensorName))
            throw new InvalidOperationException($"'{tensorName}' is not the tensor to write: {Position()}.");
        if (bytes.Length > _tensors[_current].LengthBytes - _currentDone)
            throw new InvalidOperationException($"{bytes.Length} bytes are too many: {Position()}.");
        Append(bytes);
        _currentDone += bytes.Length;
    }

    /// <summary>Ends the file: every byte is on the disk when this returns.</summary>
    /// <returns>The digest of the whole file, as <see cref="FileDigest"/> has it.</returns>
    /// <exception cref="InvalidOperationException">A tensor lacks bytes.</exception>
    /// <exception cref="NeuralinkException">The disk is full or fails.</exception>
    public string Complete()
    {
        while (_current < _tensors.Count && _currentDone == _tensors[_current].LengthBytes)
            (_current, _currentDone) = (_current + 1, 0);
        if (_current < _tensors.Count)
            throw new InvalidOperationException($"The file is not complete: {Position()}.");
        try
        {
            if (_stream is FileStream file)
                file.Flush(flushToDisk: true);
            else
                _stream.Flush();
        }
        catch (IOException error)
        {
            throw WriteFailure.Describe(_path, error);
        }

        return _digest.Finish();
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

    private bool IsCurrent(string name) =>
        _current < _tensors.Count && string.Equals(_tensors[_current].Name, name, StringComparison.Ordinal);

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

        _digest.Append(bytes);
    }
}
