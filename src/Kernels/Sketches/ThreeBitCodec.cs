using System.Runtime.CompilerServices;

namespace Neuralink.Kernels;

/// <summary>
/// 512 columns in three blocks of 64 bytes. Byte i of block k holds column 128 k + i in bits 0 to 2 and 128 k + 64 + i in bits 3 to 5;
/// the two bits left over in each hold columns 384 + i (the lower two bits in block 0, the highest in bit 6 of block 1) and 448 + i
/// (block 2, and bit 7 of block 1).
/// </summary>
internal readonly struct ThreeBitCodec : ISketchCodec
{
    private const byte Mask = 7;

    public static int Bits => 3;

    public static int GroupColumns => 512;

    public static int GroupBytes => 192;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Multiply<TLanes>(ref readonly byte group, ref readonly sbyte x)
        where TLanes : struct, IByteLanes<TLanes>
    {
        ref byte blocks = ref Unsafe.AsRef(in group);
        ref sbyte values = ref Unsafe.AsRef(in x);
        TLanes block0 = TLanes.Load(in blocks);
        TLanes block1 = TLanes.Load(in Unsafe.Add(ref blocks, 64));
        TLanes block2 = TLanes.Load(in Unsafe.Add(ref blocks, 128));
        TLanes split0 = TLanes.Or(TLanes.Field(block0, 6, 3), TLanes.Field(block1, 4, 4));
        TLanes split1 = TLanes.Or(TLanes.Field(block2, 6, 3), TLanes.Field(block1, 5, 4));
        TLanes sum = TLanes.AddInt16(Two(block0, in values), Two(block1, in Unsafe.Add(ref values, 128)));
        TLanes splits = TLanes.AddInt16(
            TLanes.Multiply(split0, in Unsafe.Add(ref values, 384)), TLanes.Multiply(split1, in Unsafe.Add(ref values, 448)));
        return TLanes.AddInt16(TLanes.AddInt16(sum, Two(block2, in Unsafe.Add(ref values, 256))), splits);
    }

    public static void Pack(ReadOnlySpan<byte> levels, Span<byte> group)
    {
        for (int i = 0; i < 64; i++)
        {
            byte split0 = levels[384 + i], split1 = levels[448 + i];
            group[i] = (byte)(Two(levels, i) | ((split0 & 3) << 6));
            group[64 + i] = (byte)(Two(levels, 128 + i) | ((split0 & 4) << 4) | ((split1 & 4) << 5));
            group[128 + i] = (byte)(Two(levels, 256 + i) | ((split1 & 3) << 6));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Two<TLanes>(TLanes block, ref readonly sbyte x)
        where TLanes : struct, IByteLanes<TLanes>
        => TLanes.AddInt16(
            TLanes.Multiply(TLanes.Field(block, 0, Mask), in x),
            TLanes.Multiply(TLanes.Field(block, 3, Mask), in Unsafe.Add(ref Unsafe.AsRef(in x), 64)));

    private static int Two(ReadOnlySpan<byte> levels, int column) => levels[column] | (levels[64 + column] << 3);
}
