using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Neuralink.Storage.Safetensors;

namespace Neuralink.Tests.Support;

/// <summary>A tensor of a checkpoint: its values, and the type they are rounded to when written.</summary>
public sealed record RandomTensor(string Name, SafetensorsDtype Dtype, long[] Shape, float[] Values)
{
    /// <summary>As the file has it; rounded to the nearest, ties to even.</summary>
    public byte[] Bytes()
    {
        switch (Dtype)
        {
            case SafetensorsDtype.F32:
                return MemoryMarshal.AsBytes<float>(Values).ToArray();
            case SafetensorsDtype.F16:
                return MemoryMarshal.AsBytes<Half>(Array.ConvertAll(Values, value => (Half)value)).ToArray();
            case SafetensorsDtype.BF16:
                byte[] bytes = new byte[Values.Length * 2];
                for (int i = 0; i < Values.Length; i++)
                {
                    uint bits = BitConverter.SingleToUInt32Bits(Values[i]);
                    ushort rounded = (ushort)(float.IsFinite(Values[i]) ? (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16 : bits >> 16);
                    BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(i * 2), rounded);
                }
                return bytes;
            default:
                throw new NotSupportedException($"{Dtype}");
        }
    }
}
