using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Storage.Pickle;

/// <summary>
/// The form that torch.save wrote before 1.6: five pickles one behind the other (a magic number, a version, the system, the object, the
/// storages' keys), then each storage in the order of the keys, its number of elements in front. Format: PyTorch's torch/serialization.py,
/// _legacy_save.
/// </summary>
internal static class TorchLegacy
{
    private const long Version = 1001;
    private const string Cut = "the file was not copied or downloaded whole; get it again";

    /// <summary>How such a file begins: the magic number 0x1950a86a20f9469cfc6c as a pickle of protocol 2.</summary>
    public static ReadOnlySpan<byte> Start => [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19];

    /// <exception cref="InvalidPickleException">It is not of that form.</exception>
    public static TorchContents Read(SafeFileHandle handle, long fileBytes)
    {
        PickleInput input = new(handle, 0, Math.Min(fileBytes, TorchPickle.LengthBytesMax));
        if (TorchPickle.Run(input) is not byte[])
            throw new InvalidPickleException("PyTorch's magic number", "another value");
        if (TorchPickle.Run(input) is not Version)
            throw new InvalidPickleException($"the version {Version}", "another");
        if (TorchPickle.Run(input) is not PickleDictionary system || system.Entries.GetValueOrDefault("little_endian") is not true)
            throw new InvalidPickleException("the byte order little", "big", "save the checkpoint on a little-endian machine");
        Dictionary<string, TorchStorage> storages = new(StringComparer.Ordinal);
        object? root = TorchPickle.Run(input, storage => storages[storage.Key] = storage);
        if (TorchPickle.Run(input) is not List<object?> keys)
            throw new InvalidPickleException("a list of the storages' keys", "another value");
        return new TorchContents(root, Extents(handle, input.Position, fileBytes, keys, storages), static key => $"storage {key}");
    }

    private static Dictionary<string, (long Offset, long LengthBytes)> Extents(
        SafeFileHandle handle, long begin, long fileBytes, List<object?> keys, Dictionary<string, TorchStorage> storages)
    {
        Dictionary<string, (long Offset, long LengthBytes)> extents = new(StringComparer.Ordinal);
        Span<byte> countBytes = stackalloc byte[sizeof(long)];
        long at = begin;
        foreach (object? item in keys)
        {
            if (item is not string key || !storages.TryGetValue(key, out TorchStorage? storage))
                throw new InvalidPickleException("the key of a storage that the checkpoint names", PickleMachine.Describe(item));
            if (RandomAccess.Read(handle, countBytes, at) < sizeof(long))
                throw new InvalidPickleException($"storage {key} at byte {at}", "the end of the file", Cut);
            long count = BinaryPrimitives.ReadInt64LittleEndian(countBytes), rest = fileBytes - at - sizeof(long);
            int elementBytes = storage.Dtype?.SizeBytes() ?? 1;
            if (count < 0 || count > rest / elementBytes)
                throw new InvalidPickleException($"{count} elements of storage {key}", $"{rest} bytes up to the end of the file", Cut);
            if (!extents.TryAdd(key, (at + sizeof(long), count * elementBytes)))
                throw new InvalidPickleException($"one storage {key}", "two");
            at += sizeof(long) + (count * elementBytes);
        }
        return extents;
    }
}
