using System.Collections.Frozen;
using Microsoft.Win32.SafeHandles;
using Neuralink.Storage.Safetensors;
using Neuralink.Storage.Weights;

namespace Neuralink.Storage.Pickle;

/// <summary>
/// A checkpoint that torch.save wrote (pytorch_model.bin), of either form, open for reading. The pickle in it is read, never run. Opening
/// checks that every tensor lies inside the file; the weights are then read in place.
/// </summary>
public sealed class TorchFile : ITensorFile
{
    private readonly SafeFileHandle _handle;

    private TorchFile(string path, SafeFileHandle handle, IEnumerable<TorchView> tensors)
    {
        Path = path;
        _handle = handle;
        Tensors = tensors.ToFrozenDictionary(tensor => tensor.Name, TensorInfo (tensor) => tensor, StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, TensorInfo> Tensors { get; }

    /// <summary>Opens and checks.</summary>
    /// <param name="path">The file.</param>
    /// <param name="note">Takes, a line each, what a user should know of how it was read.</param>
    /// <exception cref="NeuralinkException">It cannot be opened, is no checkpoint, or has what no checkpoint needs.</exception>
    public static TorchFile Open(string path, Action<string>? note = null)
    {
        SafeFileHandle? handle = null;
        try
        {
            handle = File.OpenHandle(path);
            TorchContents contents = Read(handle, RandomAccess.GetLength(handle));
            IReadOnlyList<(string Name, TorchTensor Tensor)> tensors =
                TorchPickle.Tensors(contents.Root, text => note?.Invoke($"{path}: {text}"));
            TorchFile file = new(path, handle, tensors.Select(entry => TorchView.Of(entry.Name, entry.Tensor, contents)));
            handle = null;
            return file;
        }
        catch (InvalidPickleException error)
        {
            throw error.About(path);
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
        if (!Tensors.TryGetValue(tensor.Name, out TensorInfo? known) || known is not TorchView view || !ReferenceEquals(known, tensor))
            throw new ArgumentException($"Tensor '{tensor.Name}' is not of {Path}.", nameof(tensor));
        if (view.Dimensions is [(_, 1)])
        {
            TensorBytes.Read(_handle, Path, new(view.Name, view.FileOffset, view.LengthBytes), offsetBytes, destination);
            return;
        }
        if (offsetBytes < 0 || offsetBytes > tensor.LengthBytes - destination.Length)
        {
            throw new ArgumentOutOfRangeException(
                nameof(offsetBytes), offsetBytes, $"{destination.Length} bytes from there leave '{tensor.Name}'.");
        }
        new StridedReads(ReadPart, view).Fill(offsetBytes / view.Dtype.SizeBytes(), destination);

        void ReadPart(long fileOffset, Span<byte> part) =>
            TensorBytes.Read(_handle, Path, new(view.Name, fileOffset, part.Length), 0, part);
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    private static TorchContents Read(SafeFileHandle handle, long fileBytes)
    {
        byte[] head = new byte[FileKind.HeadBytes];
        ReadOnlySpan<byte> start = head.AsSpan(0, RandomAccess.Read(handle, head, 0));
        if (start.StartsWith("PK\x3\x4"u8) || start.StartsWith("PK\x5\x6"u8))
            return TorchZip.Read(handle, fileBytes);
        if (start.StartsWith(TorchLegacy.Start))
            return TorchLegacy.Read(handle, fileBytes);
        const string expected = "a checkpoint as torch.save writes it";
        throw FileKind.Recognize(start) is { } kind
            ? new InvalidPickleException(expected, kind.Name, kind.Advice)
            : new InvalidPickleException(expected, "another file");
    }
}
