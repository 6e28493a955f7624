using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Neuralink.Kernels;

/// <summary>
/// Products with weights of one format. Weights are bytes, row-major and little endian; activations and results are float32. Block formats
/// multiply an input of 8 bits, which is made beforehand (<see cref="ProductInput"/>).
/// <para>
/// Sums have one order (see <see cref="ILanes{TSelf}"/> and <see cref="BlockTiles{TCodec, TBytes}"/>): the value for a (row, x)
/// pair has the same bits from <see cref="Dot"/> and from <see cref="MatMul"/> at any batch, any split of the rows and any instruction set.
/// The engine relies on it: chunked prompts, a gate recomputed from a bundle, and any number of threads give the same tokens.
/// </para>
/// Instances have no state; <see cref="For"/> returns the same one every time.
/// </summary>
public abstract partial class WeightKernels
{
    private static readonly WeightKernels F32 = Create<F32Codec>();
    private static readonly WeightKernels F16 =
        SubnormalCost.IsSmall ? Create<F16BySubnormalsCodec>() : Create<F16Codec>();
    private static readonly WeightKernels BF16 = Create<BF16Codec>();
    private static readonly WeightKernels Q80 = CreateForBundles<Q8_0Rows>();
    private static readonly WeightKernels Q40 = CreateForBundles<Q4_0Rows>();
    private static readonly WeightKernels Q4K = CreateForMatrices<Q4_KRows>();
    private static readonly WeightKernels Q6K = CreateForMatrices<Q6_KRows>();

    private protected WeightKernels()
    {
    }

    /// <summary>The kernels of a format, on this machine's widest vectors.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The format is none of the enumeration's.</exception>
    public static WeightKernels For(WeightFormat format) => format switch
    {
        WeightFormat.F32 => F32,
        WeightFormat.F16 => F16,
        WeightFormat.BF16 => BF16,
        WeightFormat.Q8_0 => Q80,
        WeightFormat.Q4_0 => Q40,
        WeightFormat.Q4_K => Q4K,
        WeightFormat.Q6_K => Q6K,
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "Not a weight format."),
    };

    /// <summary>Whether products need <see cref="ProductInput.Quantized"/>: those of the block formats do.</summary>
    public abstract bool QuantizesInput { get; }

    /// <summary>Bytes of a row of <paramref name="columns"/> weights.</summary>
    public abstract int RowBytes(int columns);

    /// <summary>sum over c of row[c] * x[c], x being one row. row: RowBytes(columns) bytes.</summary>
    public abstract float Dot(ReadOnlySpan<byte> row, ProductInput x);

    /// <summary>
    /// y[b * OutputStride + OutputOffset + r] = sum over c of rows[r, c] * x[b, c], plus bias[r]. A worker passes its own rows only.
    /// </summary>
    /// <param name="rows">[RowCount, Columns] weights.</param>
    /// <param name="x">[Batch, Columns].</param>
    /// <param name="bias">[RowCount], or empty.</param>
    /// <param name="y">Reaches at least to the last element written; no other element is touched.</param>
    /// <param name="shape">The sizes.</param>
    public abstract void MatMul(ReadOnlySpan<byte> rows, ProductInput x, ReadOnlySpan<float> bias, Span<float> y, MatMulShape shape);

    /// <summary>
    /// y[c - Begin] = fma(scale, row[c], y[c - Begin]) for the columns of a range; of block formats fma(scale * d, q[c], y[c - Begin]).
    /// Element-wise, so any split of the columns gives the same bits.
    /// </summary>
    /// <param name="scale">The factor.</param>
    /// <param name="row">The whole row.</param>
    /// <param name="range">Which columns.</param>
    /// <param name="y">[range.Count].</param>
    /// <exception cref="NotSupportedException">The format is one of matrices only.</exception>
    public abstract void AddScaled(float scale, ReadOnlySpan<byte> row, ColumnRange range, Span<float> y);

    /// <summary>y[c - Begin] = row[c] for the columns of a range, exactly.</summary>
    /// <param name="row">The whole row.</param>
    /// <param name="range">Which columns.</param>
    /// <param name="y">[range.Count].</param>
    public abstract void Decode(ReadOnlySpan<byte> row, ColumnRange range, Span<float> y);

    /// <summary>y[c] = row[c], all of it.</summary>
    public void Decode(ReadOnlySpan<byte> row, Span<float> y) => Decode(row, ColumnRange.Whole(y.Length), y);

    /// <summary>
    /// row[c] = x[c], rounded to nearest, ties to even; of Q8_0 and Q4_0 as ggml rounds. What is too large for the format becomes
    /// infinite: check <see cref="AllFinite"/>.
    /// </summary>
    /// <exception cref="NotSupportedException">Weights only come in this format (Q4_K, Q6_K).</exception>
    public abstract void Encode(ReadOnlySpan<float> x, Span<byte> row);

    /// <summary>
    /// Whether every weight is finite. The products hold for finite weights only (an F16 infinity would be read as 65536), so what
    /// takes weights in checks them once.
    /// </summary>
    /// <param name="rows">Whole rows.</param>
    /// <param name="columns">Of a row.</param>
    public abstract bool AllFinite(ReadOnlySpan<byte> rows, int columns);

    /// <summary>Arranges a row of ggml's blocks as the kernels read it.</summary>
    /// <exception cref="NotSupportedException">The format has no blocks.</exception>
    public virtual void FromGgml(ReadOnlySpan<byte> blocks, Span<byte> row, int columns) =>
        throw new NotSupportedException("This format has no blocks.");

    /// <summary>Arranges a row as ggml's blocks.</summary>
    /// <exception cref="NotSupportedException">The format has no blocks.</exception>
    public virtual void ToGgml(ReadOnlySpan<byte> row, int columns, Span<byte> blocks) =>
        throw new NotSupportedException("This format has no blocks.");

    /// <summary>y[i] = row i times x, the bits of <see cref="Dot"/>, some rows side by side. Their lengths are the caller's word.</summary>
    /// <param name="rows">Each of RowBytes(x.Values.Length).</param>
    /// <param name="x">One row.</param>
    /// <param name="y">[rows.Count].</param>
    internal abstract void DotRows(ScatteredRows rows, ProductInput x, Span<float> y);

    /// <summary><see cref="AddScaled"/> of rows in turn, some side by side. Their lengths are the caller's word.</summary>
    /// <param name="scales">[rows.Count].</param>
    /// <param name="rows">Each of RowBytes(range.Columns).</param>
    /// <param name="range">Which columns.</param>
    /// <param name="y">[range.Count].</param>
    internal abstract void AddScaledRows(ReadOnlySpan<float> scales, ScatteredRows rows, ColumnRange range, Span<float> y);

    /// <summary>The kernels on a stated instruction set, for the tests that hold the sets against each other.</summary>
    internal static WeightKernels Create<TCodec, TLanes, TPart>()
        where TCodec : struct, IWeightCodec
        where TLanes : struct, ILanes<TLanes>
        where TPart : struct, ILanePart<TPart>
        => new VectorWeightKernels<TCodec, TLanes, TPart>();

    private static WeightKernels Create<TCodec>()
        where TCodec : struct, IWeightCodec
        => Vector512.IsHardwareAccelerated ? Create<TCodec, Lanes512, LanePart512>()
            : Avx512F.IsSupported ? Create<TCodec, Lanes256, LanePart512>()
            : Vector256.IsHardwareAccelerated ? Create<TCodec, Lanes256, LanePart256>()
            : Create<TCodec, Lanes128, LanePart128>();

    private static WeightKernels CreateForBundles<TCodec>()
        where TCodec : struct, IBundleRowCodec
        => Avx512BW.IsSupported ? new BundleWeightKernels<TCodec, ByteLanes512>()
            : Vector256.IsHardwareAccelerated ? new BundleWeightKernels<TCodec, ByteLanes256>()
            : new BundleWeightKernels<TCodec, ByteLanes128>();

    private static WeightKernels CreateForMatrices<TCodec>()
        where TCodec : struct, IBlockRowCodec
        => Avx512BW.IsSupported ? new BlockWeightKernels<TCodec, ByteLanes512>()
            : Vector256.IsHardwareAccelerated ? new BlockWeightKernels<TCodec, ByteLanes256>()
            : new BlockWeightKernels<TCodec, ByteLanes128>();

    private protected static void AddBias(ReadOnlySpan<float> bias, Span<float> y, MatMulShape shape)
    {
        for (int b = 0; b < shape.Batch; b++)
        {
            Span<float> to = y.Slice(checked((b * shape.OutputStride) + shape.OutputOffset), shape.RowCount);
            for (int r = 0; r < to.Length; r++)
                to[r] += bias[r];
        }
    }

    private protected void Validate(
        ReadOnlySpan<byte> rows, ReadOnlySpan<float> x, ReadOnlySpan<float> bias, Span<float> y, MatMulShape shape)
    {
        Require.NotNegative(shape.RowCount, nameof(shape));
        Require.NotNegative(shape.Columns, nameof(shape));
        Require.NotNegative(shape.Batch, nameof(shape));
        Require.NotNegative(shape.OutputOffset, nameof(shape));
        Require.Length(rows.Length, (long)shape.RowCount * RowBytes(shape.Columns), nameof(rows));
        Require.Length(x.Length, (long)shape.Batch * shape.Columns, nameof(x));
        if (!bias.IsEmpty)
            Require.Length(bias.Length, shape.RowCount, nameof(bias));

        // Within one row of y the share must fit its stride, or the batch rows would overwrite each other.
        Require.AtLeast(shape.OutputStride, (long)shape.OutputOffset + shape.RowCount, nameof(shape));
        if (shape.Batch > 0)
        {
            long last = ((long)(shape.Batch - 1) * shape.OutputStride) + shape.OutputOffset + shape.RowCount;
            Require.AtLeast(y.Length, last, nameof(y));
        }
    }
}
