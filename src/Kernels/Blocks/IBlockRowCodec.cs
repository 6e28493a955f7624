using System.Runtime.Intrinsics;

namespace Neuralink.Kernels;

/// <summary>What a block adds to a sum.</summary>
internal enum BlockTerms
{
    /// <summary>One scale times the dot of 32 levels.</summary>
    Whole,

    /// <summary>The same of the first 16 columns, then of the last 16, each with a scale of its own.</summary>
    Halves,

    /// <summary>The same as <see cref="Whole"/>, less a minimum times the sum of x.</summary>
    Minimum,
}

/// <summary>
/// A row of a block format, as the products read it: first the levels of all columns, in the order of <see cref="GroupOrder"/>, then their
/// scales. A row is padded with weights that are multiplied with zeros. One struct a format; the loops are generic over it.
/// </summary>
internal interface IBlockRowCodec
{
    /// <summary>Columns that a row is padded to a multiple of: 256, or half of that.</summary>
    public static abstract int PaddedTo { get; }

    /// <summary>What a block adds to a sum.</summary>
    public static abstract BlockTerms Terms { get; }

    /// <summary>Whether levels are 0 to 15; else they are signed.</summary>
    public static abstract bool IsSmall { get; }

    /// <summary>Whether levels are 8 above the weights.</summary>
    public static abstract bool IsAbove { get; }

    /// <summary>Bytes of a row of <paramref name="padded"/> columns.</summary>
    public static abstract int RowBytes(int padded);

    /// <summary>Bytes of the levels of so many columns, whole groups; so where the levels of a group begin.</summary>
    public static abstract int LevelBytes(int column);

    /// <summary>Where the scales of a group are.</summary>
    public static abstract int ScaleBytes(int padded, int group);

    /// <summary>The levels of a group's unit, of four.</summary>
    public static abstract TBytes Levels<TBytes>(ref readonly byte row, int padded, int group, int unit)
        where TBytes : struct, IByteLanes<TBytes>;

    /// <summary>The scales of a group's eight blocks; of <see cref="BlockTerms.Halves"/> those of their first halves.</summary>
    public static abstract Vector256<float> Scales(ref readonly byte row, int padded, int group);

    /// <summary>The scales of their second halves, or their minima.</summary>
    public static abstract Vector256<float> Seconds(ref readonly byte row, int padded, int group);

    /// <summary>Half a group at the end of a row as a row of one whole group.</summary>
    public static abstract void WidenLast(ReadOnlySpan<byte> row, int padded, Span<byte> whole);

    /// <summary>y = the weights of columns [first, first + y.Length), within one block of 32.</summary>
    public static abstract void Decode(ReadOnlySpan<byte> row, int padded, int first, Span<float> y);

    /// <summary>Arranges ggml's blocks of a row anew.</summary>
    public static abstract void FromGgml(ReadOnlySpan<byte> blocks, Span<byte> row, int padded);

    /// <summary>The other way round.</summary>
    public static abstract void ToGgml(ReadOnlySpan<byte> row, int padded, Span<byte> blocks);

    /// <summary>Whether no scale of a row is infinite or NaN.</summary>
    public static abstract bool AllFinite(ReadOnlySpan<byte> row, int padded);
}

/// <summary>A codec of bundles too: levels can be had one by one, and floats be rounded to it.</summary>
internal interface IBundleRowCodec : IBlockRowCodec
{
    /// <summary>
    /// The centred levels, weights without their scale, of four columns and the four that lie 32 behind them; and the same of the columns
    /// 16 behind these.
    /// </summary>
    /// <param name="quad">Where they are in a row.</param>
    /// <param name="stride">Bytes from a quad to the next.</param>
    /// <param name="first">Four columns, and four of the next block.</param>
    /// <param name="second">Those 16 behind.</param>
    public static abstract void LoadQuads(ref readonly byte quad, int stride, out Vector256<float> first, out Vector256<float> second);

    /// <summary>The centred levels of a whole group, 256 signed bytes in its order.</summary>
    public static abstract void Unpack(ref readonly byte group, ref byte levels);

    /// <summary>Rounds a block of 32 as ggml does.</summary>
    public static abstract void Encode(ReadOnlySpan<float> x, Span<byte> row, int padded, int block);
}
