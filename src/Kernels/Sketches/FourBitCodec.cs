using System.Runtime.CompilerServices;

namespace Neuralink.Kernels;

/// <summary>128 columns in 64 bytes: byte i holds column i in its lower half and 64 + i in its upper.</summary>
internal readonly struct FourBitCodec : ISketchCodec
{
    private const byte Mask = 15;

    public static int Bits => 4;

    public static int GroupColumns => 128;

    public static int GroupBytes => 64;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Multiply<TLanes>(ref readonly byte group, ref readonly sbyte x)
        where TLanes : struct, ISketchLanes<TLanes>
    {
        TLanes packed = TLanes.Load(in group);
        return TLanes.AddInt16(
            TLanes.Multiply(TLanes.Field(packed, 0, Mask), in x),
            TLanes.Multiply(TLanes.Field(packed, 4, Mask), in Unsafe.Add(ref Unsafe.AsRef(in x), 64)));
    }

    public static void Pack(ReadOnlySpan<byte> levels, Span<byte> group)
    {
        for (int i = 0; i < group.Length; i++)
        {
            group[i] = (byte)(levels[i] | (levels[64 + i] << 4));
        }
    }
}
