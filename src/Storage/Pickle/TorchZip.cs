using System.IO.Hashing;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Neuralink.Storage.Pickle;

/// <summary>
/// The form that torch.save writes since 1.6: a zip archive of records that are stored as they are, NAME/data.pkl with the pickle and
/// NAME/data/KEY with each storage. Format: PyTorch's caffe2/serialize and torch/serialization.py.
/// </summary>
internal static class TorchZip
{
    private const string PickleName = "/data.pkl";

    /// <exception cref="InvalidPickleException">It is not of that form.</exception>
    public static TorchContents Read(SafeFileHandle handle, long fileBytes)
    {
        IReadOnlyDictionary<string, ZipRecord> records = ZipDirectory.Read(handle, fileBytes);
        string[] pickles = [.. records.Keys.Where(name => name.EndsWith(PickleName, StringComparison.Ordinal))];
        if (pickles.Length != 1)
            throw new InvalidPickleException("a zip archive with one data.pkl", pickles.Length == 0 ? "none" : $"{pickles.Length}");
        string root = pickles[0][..^PickleName.Length];
        CheckByteOrder(handle, fileBytes, records.GetValueOrDefault($"{root}/byteorder"));
        ZipRecord pickle = records[pickles[0]];
        long begin = ZipDirectory.DataOffset(handle, fileBytes, pickle);
        CheckSum(handle, begin, pickle);
        Dictionary<string, (long Offset, long LengthBytes)> extents = new(StringComparer.Ordinal);
        object? value = TorchPickle.Run(new PickleInput(handle, begin, begin + pickle.LengthBytes), storage =>
        {
            if (!extents.ContainsKey(storage.Key) && records.TryGetValue($"{root}/data/{storage.Key}", out ZipRecord? record))
                extents.Add(storage.Key, (ZipDirectory.DataOffset(handle, fileBytes, record), record.LengthBytes));
        });
        return new TorchContents(value, extents, static key => $"data/{key}");
    }

    // Older versions do not write it, and ran on little-endian machines.
    private static void CheckByteOrder(SafeFileHandle handle, long fileBytes, ZipRecord? record)
    {
        const string little = "little";
        const int lengthMax = 16;
        if (record is null)
            return;
        byte[] bytes = new byte[Math.Min(record.LengthBytes, lengthMax)];
        int count = RandomAccess.Read(handle, bytes, ZipDirectory.DataOffset(handle, fileBytes, record));
        string order = Encoding.ASCII.GetString(bytes, 0, count).Trim();
        if (order != little)
        {
            throw new InvalidPickleException(
                $"the byte order {little}", $"\"{order}\"", "save the checkpoint on a little-endian machine");
        }
    }

    // The pickle says which numbers are which weights; the storages are as safe as those of safetensors, which have no checksums either.
    private static void CheckSum(SafeFileHandle handle, long begin, ZipRecord pickle)
    {
        if (pickle.LengthBytes > TorchPickle.LengthBytesMax)
        {
            throw new InvalidPickleException(
                $"a pickle of at most {TorchPickle.LengthBytesMax} bytes", $"{pickle.LengthBytes}", "a state dict's is far shorter");
        }
        Crc32 crc = new();
        byte[] piece = new byte[1 << 16];
        for (long done = 0; done < pickle.LengthBytes;)
        {
            int count = RandomAccess.Read(handle, piece.AsSpan(0, (int)Math.Min(piece.Length, pickle.LengthBytes - done)), begin + done);
            if (count == 0)
                throw new InvalidPickleException($"{pickle.LengthBytes} bytes of {pickle.Name}", $"{done}");
            crc.Append(piece.AsSpan(0, count));
            done += count;
        }
        if (crc.GetCurrentHashAsUInt32() != pickle.Crc32)
            throw new InvalidPickleException($"{pickle.Name} of the checksum {pickle.Crc32:x8}", $"{crc.GetCurrentHashAsUInt32():x8}");
    }
}
