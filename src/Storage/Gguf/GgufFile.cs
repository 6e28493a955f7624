using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Numerics;
using Microsoft.Win32.SafeHandles;

namespace Neuralink.Storage.Gguf;

/// <summary>
/// A GGUF file, version 2 or 3, open for reading: metadata, tensor table, data. All but the data is read and checked by
/// <see cref="Open(string)"/>, so every <see cref="GgufTensor"/> from here lies inside the file. Reads may run on any threads at once.
/// Format: github.com/ggml-org/ggml, its page gguf.md.
/// </summary>
public sealed class GgufFile : IDisposable
{
    private const uint VersionMin = 2, VersionMax = 3;
    private const int AlignmentDefault = 32;
    private const string AlignmentKey = "general.alignment";
    private const int BufferBytes = 1 << 16;

    private readonly SafeFileHandle _handle;

    private GgufFile(
        string path, SafeFileHandle handle, bool isPowerInfer, GgufMetadata metadata, IReadOnlyList<GgufTensor> tensors, long headBytes)
    {
        Path = path;
        IsPowerInfer = isPowerInfer;
        _handle = handle;
        Metadata = metadata;
        InFileOrder = tensors;
        Tensors = tensors.ToFrozenDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        HeadBytes = headBytes;
    }

    /// <summary>The file's path, as it was given.</summary>
    public string Path { get; }

    /// <summary>
    /// Whether it is of PowerInfer's dialect, which begins with other letters: models whose neurons are predicted, with down matrices
    /// stored neuron by neuron.
    /// </summary>
    public bool IsPowerInfer { get; }

    public GgufMetadata Metadata { get; }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, GgufTensor> Tensors { get; }

    /// <summary>The tensors in the order of their data.</summary>
    public IReadOnlyList<GgufTensor> InFileOrder { get; }

    /// <summary>Bytes in front of the data's padding.</summary>
    private long HeadBytes { get; }

    /// <summary>Whether <paramref name="path"/> is a file that begins as GGUF files do, or is called so.</summary>
    public static bool IsGguf(string path)
    {
        if (!File.Exists(path))
            return false;
        if (path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))
            return true;
        try
        {
            using FileStream stream = File.OpenRead(path);
            Span<byte> start = stackalloc byte[4];
            return stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length
                && (start.SequenceEqual("GGUF"u8) || start.SequenceEqual("PWRI"u8));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Opens and validates.</summary>
    /// <exception cref="NeuralinkException">The file cannot be opened, or is not as the format has it: says where, expected and
    /// found.</exception>
    public static GgufFile Open(string path)
    {
        SafeFileHandle? handle = null;
        try
        {
            handle = File.OpenHandle(path);
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes);
            GgufCursor cursor = new(path, stream);
            bool isPowerInfer = CheckStart(cursor);
            int tensorCount = cursor.Count("a number of tensors", GgufTensorTable.EntryBytesMin);
            int keyCount = cursor.Count("a number of keys", GgufMetadataReader.PairBytesMin);
            GgufMetadata metadata = new(path, GgufMetadataReader.Read(cursor, keyCount));
            GgufFile file = new(
                path, handle, isPowerInfer, metadata, GgufTensorTable.Read(cursor, tensorCount, AlignmentOf(metadata)), cursor.Position);
            handle = null;
            return file;
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

    /// <summary>All of a file that lies in front of the data: metadata and tensor table, as bytes.</summary>
    /// <exception cref="NeuralinkException">The file cannot be opened, or is not as the format has it.</exception>
    public static byte[] ReadHead(string path)
    {
        using GgufFile file = Open(path);
        byte[] head = new byte[file.HeadBytes];
        TensorBytes.Read(file._handle, path, new("metadata", 0, head.Length), 0, head);
        return head;
    }

    /// <summary>Reads bytes of a tensor of this file.</summary>
    /// <param name="tensor">A tensor of this file.</param>
    /// <param name="offsetBytes">Where in the tensor to begin.</param>
    /// <param name="destination">Filled entirely; it must end inside the tensor.</param>
    /// <exception cref="NeuralinkException">The read fails, or the file has become shorter than it was.</exception>
    public void Read(GgufTensor tensor, long offsetBytes, Span<byte> destination)
    {
        if (!Tensors.TryGetValue(tensor.Name, out GgufTensor? known) || !ReferenceEquals(known, tensor))
            throw new ArgumentException($"Tensor '{tensor.Name}' is not of {Path}.", nameof(tensor));
        TensorBytes.Read(_handle, Path, new(tensor.Name, tensor.FileOffset, tensor.LengthBytes), offsetBytes, destination);
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    /// <returns>Whether it is of PowerInfer's dialect.</returns>
    private static bool CheckStart(GgufCursor cursor)
    {
        Span<byte> found = stackalloc byte[4];
        if (cursor.LengthBytes >= found.Length)
            cursor.Fill(found, "the first bytes");
        bool isPowerInfer = found.SequenceEqual("PWRI"u8);
        if (!isPowerInfer && !found.SequenceEqual("GGUF"u8))
        {
            FileKind? kind = FileKind.OfFile(cursor.Path);
            throw new NeuralinkException(
                $"open {cursor.Path}", "a GGUF file", kind?.Name ?? "a file of another kind", kind?.Advice ?? "get the file again");
        }
        uint version = cursor.U32("the version of GGUF");
        if (BinaryPrimitives.ReverseEndianness(version) is >= 1 and <= VersionMax)
        {
            throw new NeuralinkException(
                $"open {cursor.Path}", "a little-endian GGUF file", "a big-endian one", "get the little-endian file of the model");
        }
        if (version is < VersionMin or > VersionMax)
        {
            throw new NeuralinkException(
                $"open {cursor.Path}", $"GGUF version {VersionMin} or {VersionMax}", $"version {version}",
                version == 1 ? "convert it with a version of llama.cpp of 2023, or get a newer file" : null);
        }
        return isPowerInfer;
    }

    private static long AlignmentOf(GgufMetadata metadata)
    {
        int alignment = metadata.Integer(AlignmentKey) ?? AlignmentDefault;
        return alignment > 0 && BitOperations.IsPow2(alignment)
            ? alignment
            : throw metadata.Refuse(AlignmentKey, "an alignment that is a power of two", metadata.Shown(AlignmentKey));
    }
}
