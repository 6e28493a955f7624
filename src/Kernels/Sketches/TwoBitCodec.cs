using System.Runtime.CompilerServices;

namespace Neuralink.Kernels;

/// <summary>256 columns in 64 bytes: byte i holds column i in its lowest two bits, then 64 + i, 128 + i and 192 + i.</summary>
internal readonly struct TwoBitCodec : ISketchCodec
{
    private const byte Mask = 3;

    public static int Bits => 2;

    public static int GroupColumns => 256;

    public static int GroupBytes => 64;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Multiply<TLanes>(ref readonly byte group, ref readonly sbyte x)
        where TLanes : struct, IByteLanes<TLanes>
    {
        TLanes packed = TLanes.Load(in group);
        ref sbyte values = ref Unsafe.AsRef(in x);
        TLanes first = TLanes.AddInt16(
            TLanes.Multiply(TLanes.Field(packed, 0, Mask), in values),
            TLanes.Multiply(TLanes.Field(packed, 2, Mask), in Unsafe.Add(ref values, 64)));
        TLanes second = TLanes.AddInt16(
            TLanes.Multiply(TLanes.Field(packed, 4, Mask), in Unsafe.Add(ref values, 128)),
            TLanes.Multiply(TLanes.Field(packed, 6, Mask), in Unsafe.Add(ref values, 192)));
        return TLanes.AddInt16(first, second);
    }

    public static void Pack(ReadOnlySpan<byte> levels, Span<byte> group)
    {
        for (int i = 0; i < group.Length; i++)
            group[i] = (byte)(levels[i] | (levels[64 + i] << 2) | (levels[128 + i] << 4) | (levels[192 + i] << 6));
    }
}
