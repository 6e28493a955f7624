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

    private InPlaceTensors(SafetensorsFile file, NativeBuffer data)
    {
        Path = file.Path;
        Tensors = file.Tensors;
        _headBytes = file.Head.Length;
        _data = data;
    }

    /// <summary>Takes a piece of a tensor as it has arrived.</summary>
    public delegate void PieceSink(TensorInfo tensor, ReadOnlySpan<byte> piece);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, TensorInfo> Tensors { get; }

    /// <summary>Native memory that <see cref="Load"/> takes for a file of these tensors.</summary>
    public static long RequiredBytes(IEnumerable<TensorDeclaration> tensors) =>
        FrameArena.RequiredBytes(FrameCount(tensors), ImageFileReader.BlockBytes);

    /// <summary>Loads a file and checks its digest.</summary>
    /// <param name="image">The image.</param>
    /// <param name="fileName">One of its safetensors files.</param>
    /// <param name="tensors">The tensors that it must have, in its order.</param>
    /// <param name="arena">Where they go.</param>
    /// <param name="purpose">What they are for, as the memory report names it.</param>
    /// <param name="access">How to read; by io_uring is direct here.</param>
    /// <param name="time">The clock of the reads.</param>
    /// <param name="visit">Told every piece of every tensor as it arrives, in the file's order; the digest is not checked yet.</param>
    /// <param name="cancellation">Ends the loading.</param>
    /// <exception cref="NeuralinkException">The file cannot be read, or is not the one that was packed.</exception>
    public static InPlaceTensors Load(
        FlashImage image, string fileName, IReadOnlyList<TensorDeclaration> tensors, NativeArena arena, string purpose, FlashAccess access,
        TimeProvider time, PieceSink visit, CancellationToken cancellation)
    {
        using SafetensorsFile file = ImageFileReader.Open(image, fileName);
        Expect(file, tensors);
        FrameArena frames = new(arena, FrameCount(tensors), ImageFileReader.BlockBytes, purpose);
        using ImageFileReader reader = new(image, file, frames, access, time);
        Visit(reader, file.InFileOrder, visit, cancellation);
        reader.CheckDigest();
        return new InPlaceTensors(file, frames.Buffer.Slice(0, reader.DataBytes));
    }

    /// <summary>The memory of <paramref name="count"/> bytes from the first of <paramref name="tensor"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The file's data do not reach so far.</exception>
    public NativeBuffer From(TensorInfo tensor, long count) => _data.Slice(tensor.FileOffset - _headBytes, count);

    private static int FrameCount(IEnumerable<TensorDeclaration> tensors) =>
        checked((int)Math.Max(1, (tensors.Sum(t => t.LengthBytes) + ImageFileReader.BlockBytes - 1) / ImageFileReader.BlockBytes));

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
