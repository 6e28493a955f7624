using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Neuralink.Storage.Pickle;

/// <summary>
/// The bytes of a pickle in a file, front to back. What a length claims is checked before anything of that length is made.
/// </summary>
/// <param name="handle">The file.</param>
/// <param name="begin">Where the pickle begins.</param>
/// <param name="end">Where it ends at the latest.</param>
internal sealed class PickleInput(SafeFileHandle handle, long begin, long end)
{
    // Names and numbers of a checkpoint have some dozen bytes; a training script's notes may have some thousand.
    private const int TextBytesMax = 1 << 20;
    private const int BufferBytes = 1 << 16;

    private readonly byte[] _buffer = new byte[BufferBytes];
    private int _at;
    private int _filled;
    private long _next = begin;

    /// <summary>Where the next byte lies in the file.</summary>
    public long Position => _next - (_filled - _at);

    public byte Byte()
    {
        if (_at == _filled)
            Fill();
        return _buffer[_at++];
    }

    public int UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Bytes(sizeof(ushort)));

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Bytes(sizeof(int)));

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Bytes(sizeof(uint)));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Bytes(sizeof(ulong)));

    public double BigEndianDouble() => BinaryPrimitives.ReadDoubleBigEndian(Bytes(sizeof(double)));

    /// <summary>The next <paramref name="count"/> bytes.</summary>
    /// <exception cref="InvalidPickleException">There are not so many, or they are too many for anything in a checkpoint.</exception>
    public byte[] Bytes(ulong count)
    {
        long rest = end - Position;
        if (count > (ulong)rest)
            throw new InvalidPickleException($"a text within the {rest} bytes that follow it", $"a length of {count}");
        if (count > TextBytesMax)
            throw new InvalidPickleException($"texts of at most {TextBytesMax} bytes", $"a length of {count}");
        byte[] bytes = new byte[count];
        for (int done = 0; done < bytes.Length;)
        {
            if (_at == _filled)
                Fill();
            int piece = Math.Min(bytes.Length - done, _filled - _at);
            _buffer.AsSpan(_at, piece).CopyTo(bytes.AsSpan(done));
            _at += piece;
            done += piece;
        }
        return bytes;
    }

    /// <summary>The next <paramref name="count"/> bytes as text.</summary>
    public string Text(ulong count) => Encoding.UTF8.GetString(Bytes(count));

    /// <summary>The text up to the end of a line.</summary>
    public string Line()
    {
        List<byte> line = [];
        for (byte next; (next = Byte()) != '\n'; line.Add(next))
        {
            if (line.Count == TextBytesMax)
                throw new InvalidPickleException($"lines of at most {TextBytesMax} bytes", "a longer one");
        }
        return Encoding.UTF8.GetString([.. line]).TrimEnd('\r');
    }

    private void Fill()
    {
        int wanted = (int)Math.Min(BufferBytes, end - _next);
        _filled = wanted == 0 ? 0 : RandomAccess.Read(handle, _buffer.AsSpan(0, wanted), _next);
        _at = 0;
        _next += _filled;
        if (_filled == 0)
            throw new InvalidPickleException("a pickle that ends with STOP", $"its end at byte {_next} of the file");
    }
}
