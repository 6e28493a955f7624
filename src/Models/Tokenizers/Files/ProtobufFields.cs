using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;
using Neuralink.Storage;

namespace Neuralink.Models.Tokenizers.Files;

/// <summary>One field of a protobuf message: its number, and its value in the form of its wire type.</summary>
/// <param name="Number">The field's number.</param>
/// <param name="WireType">0: <paramref name="Integer"/>. 1 and 5: the eight or four bytes. 2: the bytes.</param>
/// <param name="Integer">A varint.</param>
/// <param name="Bytes">Everything else.</param>
internal readonly record struct ProtobufField(int Number, int WireType, ulong Integer, ReadOnlyMemory<byte> Bytes);

/// <summary>Reads the fields of a protobuf message, in the order of the file; of nothing else than its bytes.</summary>
/// <param name="file">The file, for messages.</param>
/// <param name="what">What the message is.</param>
/// <param name="message">Its bytes.</param>
internal sealed class ProtobufFields(string file, string what, ReadOnlyMemory<byte> message)
{
    private const int VarintBytesMax = 10;

    private int _at;

    /// <exception cref="NeuralinkException">The message is damaged.</exception>
    public IEnumerable<ProtobufField> Read()
    {
        while (_at < message.Length)
        {
            ulong key = Varint();
            int number = (int)(key >> 3 & int.MaxValue), wireType = (int)(key & 7);
            yield return wireType switch
            {
                0 => new ProtobufField(number, wireType, Varint(), default),
                1 => new ProtobufField(number, wireType, 0, Take(sizeof(ulong))),
                2 => new ProtobufField(number, wireType, 0, Take(Varint())),
                5 => new ProtobufField(number, wireType, 0, Take(sizeof(uint))),
                _ => throw Damaged($"a field of wire type {wireType} before offset {_at}"),
            };
        }
    }

    public string Text(ProtobufField field) => field.WireType == 2 && Utf8.IsValid(field.Bytes.Span)
        ? Encoding.UTF8.GetString(field.Bytes.Span)
        : throw Damaged($"field {field.Number}, which is no text");

    public bool Flag(ProtobufField field) => Integer(field, 1) != 0;

    public int Integer(ProtobufField field, int maximum) => field.WireType == 0 && field.Integer <= (ulong)maximum
        ? (int)field.Integer
        : throw Damaged($"field {field.Number}, which is no number of 0 to {maximum}");

    public float Single(ProtobufField field) =>
        field.WireType == 5 && BinaryPrimitives.ReadSingleLittleEndian(field.Bytes.Span) is var value && float.IsFinite(value)
            ? value
            : throw Damaged($"field {field.Number}, which is no finite number");

    /// <summary>The message of a field.</summary>
    public ProtobufFields Message(ProtobufField field, string name) => field.WireType == 2
        ? new ProtobufFields(file, name, field.Bytes)
        : throw Damaged($"field {field.Number}, which is no message");

    private ulong Varint()
    {
        ulong value = 0;
        for (int i = 0; i < VarintBytesMax && _at < message.Length; i++)
        {
            byte next = message.Span[_at++];
            value |= (ulong)(next & 0x7F) << (7 * i);
            if (next < 0x80)
                return value;
        }
        throw Damaged($"an unfinished number before offset {_at}");
    }

    private ReadOnlyMemory<byte> Take(ulong length)
    {
        if (length > (ulong)(message.Length - _at))
            throw Damaged($"a field of {length} bytes at offset {_at}, of {message.Length} in all");
        ReadOnlyMemory<byte> taken = message.Slice(_at, (int)length);
        _at += (int)length;
        return taken;
    }

    private NeuralinkException Damaged(string found) =>
        new($"read {file}", $"a SentencePiece model ({what})", found, "get the file again");
}
