namespace Neuralink.Kernels;

/// <summary>
/// A row of a block format, as the products read it: first the levels of all columns, then their scales. A row is padded to whole groups
/// with weights that are multiplied with zeros. One struct a format; the loops are generic over it.
/// </summary>
internal interface IBlockRowCodec
{
    /// <summary>Columns that a row is padded to a multiple of: 64, 128 or 256.</summary>
    public static abstract int GroupColumns { get; }

    /// <summary>Columns of a weights' scale: 32 or 16.</summary>
    public static abstract int ScaleColumns { get; }

    /// <summary>
    /// Whether levels are signed; else they are 0 to 127, and <see cref="Scale"/> adds up what they are above the weights.
    /// </summary>
    public static abstract bool IsSigned { get; }

    /// <summary>Bytes of a row of <paramref name="padded"/> columns.</summary>
    public static abstract int RowBytes(int padded);

    /// <summary>Where the levels of a group's columns begin.</summary>
    public static abstract int LevelBytes(int column);

    /// <summary>The levels of columns <paramref name="column"/> + 64 <paramref name="step"/> on; column: where a group begins.</summary>
    public static abstract TBytes Levels<TBytes>(ref readonly byte row, int padded, int column, int step)
        where TBytes : struct, IByteLanes<TBytes>;

    /// <summary>
    /// scales[i] = a weights' scale * the scale of x there, from column <paramref name="begin"/> on. Unsigned levels: lane b mod 16 of
    /// <paramref name="minima"/> += what block b's levels are above its weights, times the sum of its x.
    /// </summary>
    /// <param name="row">The row.</param>
    /// <param name="x">The input's scales and sums, of all blocks.</param>
    /// <param name="begin">The first column, a multiple of 512.</param>
    /// <param name="end">One past the last; a group's end.</param>
    /// <param name="scales">[(end - begin) / ScaleColumns].</param>
    /// <param name="minima">Sixteen lanes.</param>
    public static abstract void Scale<TLanes>(
        ref readonly byte row, InputScales x, int begin, int end, ref float scales, ref TLanes minima)
        where TLanes : struct, ILanes<TLanes>;

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
    /// <summary>How far apart the two runs of 16 columns of <see cref="LoadPair"/> lie: half of what is loaded in turn.</summary>
    public static abstract int PairDistance { get; }

    /// <summary>Where the scales of the blocks of 32 begin, a binary16 each.</summary>
    public static abstract int ScaleBytes(int padded);

    /// <summary>The centred levels, weights without their scale, of 16 columns and of the 16 that lie PairDistance behind them.</summary>
    public static abstract void LoadPair<TLanes>(ref readonly byte row, int column, out TLanes first, out TLanes second)
        where TLanes : struct, ILanes<TLanes>;

    /// <summary>Rounds a block of 32 as ggml does.</summary>
    public static abstract void Encode(ReadOnlySpan<float> x, Span<byte> row, int padded, int block);
}

/// <summary>The scales and sums of a row of <see cref="QuantizedInput"/>.</summary>
internal readonly ref struct InputScales
{
    public readonly ref readonly float Scales;
    public readonly ref readonly float Sums;
    public readonly int Padded;

    /// <param name="scales">Of each block.</param>
    /// <param name="sums">Of each block.</param>
    /// <param name="padded">Columns of the weights' row with its padding.</param>
    public InputScales(ref readonly float scales, ref readonly float sums, int padded)
    {
        Scales = ref scales;
        Sums = ref sums;
        Padded = padded;
    }
}
