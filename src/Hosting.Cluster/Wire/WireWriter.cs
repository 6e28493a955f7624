using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace Neuralink.Hosting.Cluster.Wire;

/// <summary>
/// Writes the bytes of a message to another node: integers in 7-bit groups, least significant first, floats little-endian, texts as
/// UTF-8 behind their length, and at the end a checksum of all before it. <see cref="WireReader"/> reads them.
/// </summary>
internal sealed class WireWriter
{
    private readonly ArrayBufferWriter<byte> _bytes = new(256);

    /// <summary>An unsigned integer.</summary>
    public void Count(ulong value)
    {
        Span<byte> span = _bytes.GetSpan(10);
        int length = 0;
        for (; value >= 0x80; value >>= 7)
            span[length++] = (byte)(value | 0x80);
        span[length++] = (byte)value;
        _bytes.Advance(length);
    }

    /// <summary>A signed integer; small ones of either sign are short.</summary>
    public void Signed(long value) => Count((ulong)((value << 1) ^ (value >> 63)));

    public void Flag(bool value) => Count(value ? 1u : 0u);

    public void Float(float value)
    {
        BinaryPrimitives.WriteSingleLittleEndian(_bytes.GetSpan(sizeof(float)), value);
        _bytes.Advance(sizeof(float));
    }

    public void Double(double value)
    {
        BinaryPrimitives.WriteDoubleLittleEndian(_bytes.GetSpan(sizeof(double)), value);
        _bytes.Advance(sizeof(double));
    }

    public void Id(Guid value)
    {
        value.TryWriteBytes(_bytes.GetSpan(16));
        _bytes.Advance(16);
    }

    public void Text(string value)
    {
        int length = Encoding.UTF8.GetByteCount(value);
        Count((ulong)length);
        Encoding.UTF8.GetBytes(value, _bytes.GetSpan(length));
        _bytes.Advance(length);
    }

    /// <summary>A value that may be missing.</summary>
    /// <returns>Whether it is there, and follows.</returns>
    public bool Has(object? value)
    {
        Flag(value is not null);
        return value is not null;
    }

    public void OptionalText(string? value)
    {
        if (Has(value))
            Text(value!);
    }

    public void Integers(ReadOnlySpan<int> values)
    {
        Count((ulong)values.Length);
        foreach (int value in values)
            Signed(value);
    }

    /// <summary>All that was written, with the checksum.</summary>
    public byte[] Finish()
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.GetSpan(WireReader.ChecksumBytes), XxHash32.HashToUInt32(_bytes.WrittenSpan));
        _bytes.Advance(WireReader.ChecksumBytes);
        return _bytes.WrittenSpan.ToArray();
    }
}
