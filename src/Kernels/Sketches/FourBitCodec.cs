using System.Runtime.CompilerServices;

namespace Neuralink.Kernels;

/// <summary>
/// 256 columns in two blocks of 64 bytes: byte i of block k holds column 128 k + i in its lower half and 128 k + 64 + i in its upper. One
/// block would do; two halve the work of widening the sums.
/// </summary>
internal readonly struct FourBitCodec : ISketchCodec
{
    private const byte Mask = 15;

    public static int Bits => 4;

    public static int GroupColumns => 256;

    public static int GroupBytes => 128;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Multiply<TLanes>(ref readonly byte group, ref readonly sbyte x)
        where TLanes : struct, IByteLanes<TLanes>
        => TLanes.AddInt16(
            Block<TLanes>(in group, in x),
            Block<TLanes>(in Unsafe.Add(ref Unsafe.AsRef(in group), 64), in Unsafe.Add(ref Unsafe.AsRef(in x), 128)));

    public static void Pack(ReadOnlySpan<byte> levels, Span<byte> group)
    {
        for (int i = 0; i < group.Length; i++)
        {
            int column = (i / 64 * 128) + (i % 64);
            group[i] = (byte)(levels[column] | (levels[column + 64] << 4));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Block<TLanes>(ref readonly byte block, ref readonly sbyte x)
        where TLanes : struct, IByteLanes<TLanes>
    {
        TLanes packed = TLanes.Load(in block);
        return TLanes.AddInt16(
            TLanes.Multiply(TLanes.Field(packed, 0, Mask), in x),
            TLanes.Multiply(TLanes.Field(packed, 4, Mask), in Unsafe.Add(ref Unsafe.AsRef(in x), 64)));
    }
}
