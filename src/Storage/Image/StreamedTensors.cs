using Neuralink.Storage.Devices;
using Neuralink.Storage.Memory;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Storage.Image;

/// <summary>
/// The tensors of one of an image's files, read once, front to back, through a few frames: for what is made from weights that do not stay.
/// </summary>
public sealed class StreamedTensors : IDisposable
{
    private readonly NativeArena _arena;
    private readonly ImageFileReader _reader;
    private readonly CancellationToken _cancellation;
    private NativeBuffer? _piece;
    private long _pieceOffset;

    private StreamedTensors(SafetensorsFile file, NativeArena arena, ImageFileReader reader, CancellationToken cancellation)
    {
        Path = file.Path;
        Tensors = file.Tensors;
        _arena = arena;
        _reader = reader;
        _cancellation = cancellation;
        _pieceOffset = reader.HeadBytes;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, TensorInfo> Tensors { get; }

    /// <summary>Begins to read a file.</summary>
    /// <param name="image">The image.</param>
    /// <param name="fileName">One of its safetensors files whose data begin at <see cref="ImageFiles.DataAlignmentBytes"/>.</param>
    /// <param name="access">How to read; by io_uring is direct here.</param>
    /// <param name="time">The clock of the reads.</param>
    /// <param name="cancellation">Ends the reading.</param>
    /// <exception cref="NeuralinkException">The file cannot be opened.</exception>
    public static StreamedTensors Open(
        FlashImage image, string fileName, FlashAccess access, TimeProvider time, CancellationToken cancellation)
    {
        using SafetensorsFile file = ImageFileReader.Open(image, fileName);
        NativeArena arena = new(FrameArena.RequiredBytes(ImageFileReader.FramesMin, ImageFileReader.BlockBytes));
        try
        {
            FrameArena frames = new(arena, ImageFileReader.FramesMin, ImageFileReader.BlockBytes, "weights being read");
            return new StreamedTensors(file, arena, new ImageFileReader(image, file, frames, leftBlocks: 0, access, time), cancellation);
        }
        catch
        {
            arena.Dispose();
            throw;
        }
    }

    /// <summary>Reads bytes of a tensor that lie behind all that was read.</summary>
    /// <exception cref="NeuralinkException">A read fails.</exception>
    public void Read(TensorInfo tensor, long offsetBytes, Span<byte> destination)
    {
        long at = tensor.FileOffset + offsetBytes;
        if (at < _pieceOffset || offsetBytes + destination.Length > tensor.LengthBytes)
            throw new InvalidOperationException($"{destination.Length} bytes of {tensor.Name} from {offsetBytes} on are not ahead.");
        while (!destination.IsEmpty)
        {
            while (_piece is null || at >= _pieceOffset + _piece.LengthBytes)
                Advance();
            int count = (int)Math.Min(destination.Length, _pieceOffset + _piece.LengthBytes - at);
            _piece.Bytes(at - _pieceOffset, count).CopyTo(destination);
            destination = destination[count..];
            at += count;
        }
    }

    /// <summary>Reads what is left and checks the digest of the whole file.</summary>
    /// <exception cref="NeuralinkException">A read fails, or the file is not the one that was packed.</exception>
    public void CheckDigest() => _reader.CheckDigest();

    /// <inheritdoc/>
    public void Dispose()
    {
        _reader.Dispose();
        _arena.Dispose();
    }

    private void Advance()
    {
        _cancellation.ThrowIfCancellationRequested();
        _pieceOffset += _piece?.LengthBytes ?? 0;
        _piece = _reader.Next() ?? throw new InvalidOperationException($"{Path} has been read.");
    }
}
