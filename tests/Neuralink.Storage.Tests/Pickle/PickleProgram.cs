using System.Buffers.Binary;
using System.Text;

namespace Neuralink.Storage.Tests.Pickle;

/// <summary>Writes a pickle instruction by instruction, in protocol 2 as torch.save does.</summary>
internal sealed class PickleProgram
{
    private readonly List<byte> _bytes = [0x80, 2];

    public byte[] Stop() => [.. _bytes, (byte)'.'];

    public PickleProgram Op(params ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public PickleProgram Op(char opcode) => Op((byte)opcode);

    public PickleProgram Text(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text), length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, utf8.Length);
        return Op([(byte)'X', .. length, .. utf8]);
    }

    public PickleProgram Number(long number)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        return Op([0x8A, 8, .. bytes]);
    }

    public PickleProgram Global(string module, string name) => Op([(byte)'c', .. Encoding.ASCII.GetBytes($"{module}\n{name}\n")]);

    public PickleProgram Tuple(params ReadOnlySpan<long> numbers)
    {
        Op('(');
        foreach (long number in numbers)
            Number(number);
        return Op('t');
    }

    /// <summary>_rebuild_tensor_v2 of a storage.</summary>
    public PickleProgram Tensor(TorchPart part, bool isLegacy)
    {
        Global("torch._utils", "_rebuild_tensor_v2").Op('(', '(').Text("storage").Global("torch", $"{part.Type}Storage").Text(part.Key)
            .Text("cpu").Number(part.Count);
        if (isLegacy)
            Op('N');
        return Op('t', 'Q').Number(part.Offset).Tuple(part.Shape).Tuple(part.Strides ?? Contiguous(part.Shape)).Op(0x89)
            .Global("collections", "OrderedDict").Op(')', 'R', 't', 'R');
    }

    /// <summary>A state dict.</summary>
    public PickleProgram StateDict(IEnumerable<TorchPart> parts, bool isLegacy = false)
    {
        Global("collections", "OrderedDict").Op(')', 'R', '(');
        foreach (TorchPart part in parts)
            Text(part.Name).Tensor(part, isLegacy);
        return Op('u');
    }

    private PickleProgram Op(params ReadOnlySpan<char> opcodes)
    {
        foreach (char opcode in opcodes)
            _bytes.Add((byte)opcode);
        return this;
    }

    private static long[] Contiguous(long[] shape)
    {
        long[] strides = new long[shape.Length];
        long next = 1;
        for (int i = shape.Length; i-- > 0; next *= shape[i])
            strides[i] = next;
        return strides;
    }
}

/// <summary>A tensor of a checkpoint that a test makes.</summary>
internal sealed record TorchPart(string Name, string Type, string Key, long Count, long[] Shape)
{
    public long Offset { get; init; }

    public long[]? Strides { get; init; }
}
