namespace Neuralink.Kernels;

/// <summary>
/// How weights of so many bits are packed. A group of columns lies in one, two or three blocks of 64 bytes, byte i of a block holding parts
/// of columns 64 t + i of the group: so 64 bytes of x, in their natural order, meet 64 weights after a shift and a mask.
/// One struct a number of bits; the loops are generic over it.
/// </summary>
internal interface ISketchCodec
{
    /// <summary>Bits of a weight. Its levels are 0 to 2^Bits - 1.</summary>
    public static abstract int Bits { get; }

    /// <summary>Columns of a group; a row is padded to whole groups.</summary>
    public static abstract int GroupColumns { get; }

    /// <summary>Bytes of a group.</summary>
    public static abstract int GroupBytes { get; }

    /// <summary>The products of a group with its GroupColumns values x, in int16 sums of at most 15240.</summary>
    public static abstract TLanes Multiply<TLanes>(ref readonly byte group, ref readonly sbyte x)
        where TLanes : struct, IByteLanes<TLanes>;

    /// <summary>Packs GroupColumns levels into GroupBytes bytes.</summary>
    public static abstract void Pack(ReadOnlySpan<byte> levels, Span<byte> group);
}
