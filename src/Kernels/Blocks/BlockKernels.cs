namespace Neuralink.Kernels;

/// <summary>One block format. One struct a format; the loops are generic over it.</summary>
internal interface IBlockCodec
{
    /// <summary>Weights of a block.</summary>
    public static abstract int Elements { get; }

    /// <summary>Bytes of a block.</summary>
    public static abstract int Bytes { get; }

    /// <summary>The weights of one block as ggml's to_float gives them, to the bit.</summary>
    /// <param name="block"><see cref="Bytes"/> bytes.</param>
    /// <param name="y"><see cref="Elements"/> floats.</param>
    public static abstract void Decode(ReadOnlySpan<byte> block, Span<float> y);
}

/// <summary>
/// Reads rows of a <see cref="BlockFormat"/>. Every product of a level and its scales is exact in binary32 but for Q6_K's, which is rounded
/// once, and so is each sum: no order of evaluation and no fused multiply-add can give other bits. Instances have no state.
/// </summary>
public abstract class BlockKernels
{
    private static readonly BlockKernels[] s_byFormat =
    [
        new Of<Q4_0Codec>(), new Of<Q4_1Codec>(), new Of<Q5_0Codec>(), new Of<Q5_1Codec>(), new Of<Q8_0Codec>(),
        new Of<Q4_KCodec>(), new Of<Q5_KCodec>(), new Of<Q6_KCodec>(),
    ];

    private protected BlockKernels()
    {
    }

    /// <summary>Weights of a block; a row has a multiple of it.</summary>
    public abstract int BlockElements { get; }

    /// <summary>Bytes of a block.</summary>
    public abstract int BlockBytes { get; }

    /// <summary>The kernels of a format.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The format is none of the enumeration's.</exception>
    public static BlockKernels For(BlockFormat format) => (uint)format < (uint)s_byFormat.Length
        ? s_byFormat[(int)format]
        : throw new ArgumentOutOfRangeException(nameof(format), format, "Not a block format.");

    /// <summary>Bytes of a row of <paramref name="columns"/> weights.</summary>
    public int RowBytes(int columns)
    {
        Require.Multiple(columns, BlockElements, nameof(columns));
        return columns / BlockElements * BlockBytes;
    }

    /// <summary>y[c] = row[c]. A scale that is infinite or NaN makes such weights; the caller checks.</summary>
    /// <param name="row">RowBytes(y.Length) bytes.</param>
    /// <param name="y">Whole blocks.</param>
    public abstract void Decode(ReadOnlySpan<byte> row, Span<float> y);

    private sealed class Of<TCodec> : BlockKernels
        where TCodec : struct, IBlockCodec
    {
        public override int BlockElements => TCodec.Elements;

        public override int BlockBytes => TCodec.Bytes;

        public override void Decode(ReadOnlySpan<byte> row, Span<float> y)
        {
            Require.Length(row.Length, RowBytes(y.Length), nameof(row));
            for (int at = 0; at < y.Length; at += TCodec.Elements)
            {
                TCodec.Decode(row[..TCodec.Bytes], y.Slice(at, TCodec.Elements));
                row = row[TCodec.Bytes..];
            }
        }
    }
}
