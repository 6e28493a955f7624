using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace Neuralink.Storage.Gguf;

/// <summary>
/// Reads a GGUF file's head front to back. Every length in it is compared with the bytes that are left before anything of that length is
/// allocated.
/// </summary>
/// <param name="path">The file, for messages.</param>
/// <param name="stream">The file, at its start. Its owner closes it.</param>
internal sealed class GgufCursor(string path, Stream stream)
{
    /// <summary>The longest text that is read: chat templates take tens of kilobytes, and some licences are whole books.</summary>
    private const int TextBytesMax = 16 << 20;

    private readonly byte[] _scalar = new byte[sizeof(ulong)];

    public string Path => path;

    /// <summary>The file's length in bytes.</summary>
    public long LengthBytes { get; } = stream.Length;

    /// <summary>Where the next byte is.</summary>
    public long Position { get; private set; }

    public byte U8(string what) => Take(sizeof(byte), what)[0];

    public ushort U16(string what) => BinaryPrimitives.ReadUInt16LittleEndian(Take(sizeof(ushort), what));

    public uint U32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint), what));

    public ulong U64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong), what));

    /// <summary>A number of items, each of at least <paramref name="itemBytesMin"/> bytes.</summary>
    /// <exception cref="NeuralinkException">The rest of the file has no room for so many.</exception>
    public int Count(string what, int itemBytesMin)
    {
        ulong count = U64(what);
        long left = LengthBytes - Position;
        return count <= (ulong)(left / itemBytesMin) && count <= (ulong)Array.MaxLength
            ? (int)count
            : throw Refuse($"{what} that fit the {left} bytes to the end of the file", $"{count}");
    }

    /// <summary>A text: its length in bytes as 64 bits, then UTF-8.</summary>
    /// <exception cref="NeuralinkException">It is longer than the rest of the file or than any text that is read, or no UTF-8.</exception>
    public string Text(string what)
    {
        ulong length = U64($"the length of {what}");
        long left = LengthBytes - Position;
        if (length > (ulong)left)
            throw Truncated($"the {length} bytes of {what} at offset {Position}", left);
        if (length > TextBytesMax)
            throw Refuse($"{what} of at most {ByteSize.Format(TextBytesMax)}", $"{length} bytes");
        byte[] bytes = new byte[length];
        Fill(bytes, what);
        return Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : throw Refuse($"{what} in UTF-8", "bytes that are not UTF-8");
    }

    /// <summary>Fills <paramref name="destination"/>.</summary>
    /// <exception cref="NeuralinkException">The file ends before.</exception>
    public void Fill(Span<byte> destination, string what)
    {
        int count = stream.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);
        if (count < destination.Length)
            throw Truncated($"{what} at offset {Position}", count);
        Position += destination.Length;
    }

    public NeuralinkException Refuse(string expected, string found) => Fault(path, expected, found);

    /// <summary>The error for a file that is not as the format has it.</summary>
    public static NeuralinkException Fault(string path, string expected, string found) =>
        new($"open {path}", expected, found, "the file is damaged or not GGUF; get it again");

    private NeuralinkException Truncated(string expected, long left) => new(
        $"open {path}", expected, $"the end of the file after {left} more bytes", "the file is truncated; get it again");

    private ReadOnlySpan<byte> Take(int count, string what)
    {
        Span<byte> scalar = _scalar.AsSpan(0, count);
        Fill(scalar, what);
        return scalar;
    }
}
