using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace Neuralink.Hosting.Cluster.Wire;

/// <summary>
/// Reads what <see cref="WireWriter"/> wrote. Nothing is believed: a length beyond the bytes that are left is refused before anything is
/// allocated for it, and the checksum is compared before anything is read.
/// </summary>
internal ref struct WireReader
{
    public const int ChecksumBytes = sizeof(uint);

    private static readonly UTF8Encoding s_strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string _message;
    private ReadOnlySpan<byte> _rest;

    /// <param name="message">What is read, for errors.</param>
    /// <param name="bytes">All of it.</param>
    /// <exception cref="NeuralinkException">The checksum is another.</exception>
    public WireReader(string message, ReadOnlySpan<byte> bytes)
    {
        _message = message;
        if (bytes.Length < ChecksumBytes)
            throw Error($"at least {ChecksumBytes} bytes", $"{bytes.Length}");
        _rest = bytes[..^ChecksumBytes];
        uint stated = BinaryPrimitives.ReadUInt32LittleEndian(bytes[^ChecksumBytes..]), found = XxHash32.HashToUInt32(_rest);
        if (stated != found)
            throw Error($"bytes of checksum {stated:x8}", $"{found:x8}");
    }

    public ulong Count()
    {
        ulong value = 0;
        for (int shift = 0; shift < 70; shift += 7)
        {
            byte group = Take(1)[0];
            if (shift == 63 && group > 1)
                break;
            value |= (ulong)(group & 0x7f) << shift;
            if (group < 0x80)
                return value;
        }
        throw Error("an integer of 64 bits", "a longer one");
    }

    /// <summary>A count of things that follow, of which each takes at least <paramref name="bytesMin"/>.</summary>
    public int CountOf(string things, int bytesMin = 1)
    {
        ulong count = Count();
        if (count > (ulong)(_rest.Length / bytesMin))
            throw Error($"{things} within the {_rest.Length} bytes left", $"{count}");
        return (int)count;
    }

    public long Signed()
    {
        ulong value = Count();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    public int Integer()
    {
        long value = Signed();
        return value is >= int.MinValue and <= int.MaxValue ? (int)value : throw Error("an integer of 32 bits", $"{value}");
    }

    /// <summary>An integer of 0 and above.</summary>
    public int Natural()
    {
        ulong value = Count();
        return value <= int.MaxValue ? (int)value : throw Error($"a number up to {int.MaxValue}", $"{value}");
    }

    public bool Flag() => Count() switch
    {
        0 => false,
        1 => true,
        ulong other => throw Error("a flag, 0 or 1", $"{other}"),
    };

    public float Float() => BinaryPrimitives.ReadSingleLittleEndian(Take(sizeof(float)));

    public double Double() => BinaryPrimitives.ReadDoubleLittleEndian(Take(sizeof(double)));

    public Guid Id() => new(Take(16));

    public string Text()
    {
        ReadOnlySpan<byte> bytes = Take(CountOf("a text"));
        try
        {
            return s_strictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw Error("a text in UTF-8", "other bytes");
        }
    }

    public string? OptionalText() => Flag() ? Text() : null;

    public int[] Integers()
    {
        int[] values = new int[CountOf("integers")];
        foreach (ref int value in values.AsSpan())
            value = Integer();
        return values;
    }

    /// <summary>A value of an enumeration.</summary>
    public T Choice<T>() where T : struct, Enum
    {
        int value = Integer();
        T choice = (T)Enum.ToObject(typeof(T), value);
        return Enum.IsDefined(choice) ? choice : throw Error($"a {typeof(T).Name}", $"{value}");
    }

    /// <exception cref="NeuralinkException">Bytes are left.</exception>
    public readonly void End()
    {
        if (!_rest.IsEmpty)
            throw Error("its end", $"{_rest.Length} bytes more");
    }

    public readonly NeuralinkException Error(string expected, string found) => new(
        $"read the message {_message} of another node", expected, found, "run the same version of Neuralink on all nodes");

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
            throw Error($"{count} bytes more", $"{_rest.Length}");
        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
