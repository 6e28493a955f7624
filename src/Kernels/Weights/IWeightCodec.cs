namespace Neuralink.Kernels;

/// <summary>How a weight format is read and written. One struct a format; the loops are generic over it.</summary>
internal interface IWeightCodec
{
    /// <summary>Bytes of one weight.</summary>
    public static abstract int WeightBytes { get; }

    /// <summary>Loads and widens 16 weights, exactly.</summary>
    public static abstract TLanes Load<TLanes>(ref readonly byte source)
        where TLanes : struct, ILanes<TLanes>;

    /// <summary>Widens one weight, exactly.</summary>
    public static abstract float Decode(ref readonly byte source);

    /// <summary>Rounds <paramref name="x"/> to nearest, ties to even, into <paramref name="row"/> (WeightBytes * x.Length bytes).</summary>
    public static abstract void Encode(ReadOnlySpan<float> x, Span<byte> row);

    /// <summary>Whether no weight of the row is infinite or NaN.</summary>
    public static abstract bool AllFinite(ReadOnlySpan<byte> row);
}
