using System.Collections.Immutable;
using Neuralink.Storage.Devices;
using Neuralink.Storage.Memory;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Storage.Image;

/// <summary>The tensors of one of an image's files in native memory, exactly as they lie in the file, so that no byte is copied.</summary>
public sealed class InPlaceTensors
{
    private readonly NativeBuffer _data;
    private readonly int _headBytes;

    private InPlaceTensors(SafetensorsFile file, NativeBuffer data, long leftBytes)
    {
        LeftBytes = leftBytes;
        Path = file.Path;
        Tensors = file.Tensors;
        _headBytes = file.Head.Length;
        _data = data;
    }

    /// <summary>Takes a piece of a tensor as it has arrived.</summary>
    public delegate void PieceSink(TensorInfo tensor, ReadOnlySpan<byte> piece);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Bytes at the beginning of the data that are not in memory.</summary>
    public long LeftBytes { get; }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, TensorInfo> Tensors { get; }

    /// <summary>Native memory that <see cref="Load"/> takes for a file of these tensors.</summary>
    /// <param name="tensors">Its tensors.</param>
    /// <param name="leftBytes">What <see cref="Leavable"/> gives, or 0.</param>
    public static long RequiredBytes(IEnumerable<TensorDeclaration> tensors, long leftBytes = 0) =>
        FrameArena.RequiredBytes(FrameCount(tensors, leftBytes), ImageFileReader.BlockBytes);

    /// <summary>
    /// How much of the first tensor can be left out: whole blocks, and none of a file too small to read it through the others' place.
    /// </summary>
    public static long Leavable(IReadOnlyList<TensorDeclaration> tensors)
    {
        long left = tensors[0].LengthBytes / ImageFileReader.BlockBytes * ImageFileReader.BlockBytes;
        return FrameCount(tensors, left) >= ImageFileReader.FramesMin ? left : 0;
    }

    /// <summary>Loads a file and checks its digest.</summary>
    /// <param name="image">The image.</param>
    /// <param name="fileName">One of its safetensors files.</param>
    /// <param name="tensors">The tensors that it must have, in its order.</param>
    /// <param name="leftBytes">
    /// Bytes at the beginning that are read and checked but do not stay: what <see cref="Leavable"/> gives, or 0.
    /// </param>
    /// <param name="arena">Where they go.</param>
    /// <param name="purpose">What they are for, as the memory report names it.</param>
    /// <param name="access">How to read; by io_uring is direct here.</param>
    /// <param name="time">The clock of the reads.</param>
    /// <param name="visit">Told every piece of every tensor as it arrives, in the file's order; the digest is not checked yet.</param>
    /// <param name="cancellation">Ends the loading.</param>
    /// <exception cref="NeuralinkException">The file cannot be read, or is not the one that was packed.</exception>
    public static InPlaceTensors Load(
        FlashImage image, string fileName, IReadOnlyList<TensorDeclaration> tensors, long leftBytes, NativeArena arena, string purpose,
        FlashAccess access, TimeProvider time, PieceSink visit, CancellationToken cancellation)
    {
        using SafetensorsFile file = ImageFileReader.Open(image, fileName);
        Expect(file, tensors);
        FrameArena frames = new(arena, FrameCount(tensors, leftBytes), ImageFileReader.BlockBytes, purpose);
        using ImageFileReader reader = new(image, file, frames, leftBytes / ImageFileReader.BlockBytes, access, time);
        Visit(reader, file.InFileOrder, visit, cancellation);
        reader.CheckDigest();
        return new InPlaceTensors(file, frames.Buffer.Slice(0, reader.DataBytes - leftBytes), leftBytes);
    }

    /// <summary>The memory of <paramref name="count"/> bytes from the first of <paramref name="tensor"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The file's data do not reach so far.</exception>
    public NativeBuffer From(TensorInfo tensor, long count) => _data.Slice(tensor.FileOffset - _headBytes - LeftBytes, count);

    private static int FrameCount(IEnumerable<TensorDeclaration> tensors, long leftBytes)
    {
        const int block = ImageFileReader.BlockBytes;
        return checked((int)Math.Max(1, (tensors.Sum(t => t.LengthBytes) - leftBytes + block - 1) / block));
    }

    /// <summary>The tensors tile the file, so that with their names, types and shapes everything about it is known.</summary>
    private static void Expect(SafetensorsFile file, IReadOnlyList<TensorDeclaration> tensors)
    {
        for (int i = 0; i < Math.Max(tensors.Count, file.InFileOrder.Count); i++)
        {
            TensorInfo? found = i < file.InFileOrder.Count ? file.InFileOrder[i] : null;
            TensorDeclaration? expected = i < tensors.Count ? tensors[i] : null;
            if (found is not null && expected is not null && IsSame(found, expected))
                continue;
            throw new NeuralinkException(
                $"open {file.Path}",
                expected is null ? $"no more than {tensors.Count} tensors" : TextOf(expected.Name, expected.Dtype, expected.Shape),
                found is null ? "no such tensor" : TextOf(found.Name, found.Dtype, found.Shape), "pack the model again");
        }
    }

    private static string TextOf(string name, SafetensorsDtype dtype, ImmutableArray<long> shape) =>
        $"tensor {name} of {dtype} [{string.Join(", ", shape)}]";

    private static bool IsSame(TensorInfo found, TensorDeclaration expected) =>
        found.Name == expected.Name && found.Dtype == expected.Dtype && found.Shape.SequenceEqual(expected.Shape);

    private static void Visit(ImageFileReader reader, IReadOnlyList<TensorInfo> tensors, PieceSink visit, CancellationToken cancellation)
    {
        long at = reader.HeadBytes;
        int tensor = 0;
        while (reader.Next() is { } piece)
        {
            cancellation.ThrowIfCancellationRequested();
            for (ReadOnlySpan<byte> bytes = piece.Bytes(0, (int)piece.LengthBytes); !bytes.IsEmpty;)
            {
                long end = tensors[tensor].FileOffset + tensors[tensor].LengthBytes;
                int count = (int)Math.Min(bytes.Length, end - at);
                visit(tensors[tensor], bytes[..count]);
                bytes = bytes[count..];
                at += count;
                if (at == end)
                    tensor++;
            }
        }
    }
}
